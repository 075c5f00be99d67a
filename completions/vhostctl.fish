# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of vhostctl for fish. Commands and options are those of 'vhostctl --json --help', which a test compares.

function __vhostctl_in
    __fish_seen_subcommand_from $argv
end

function __vhostctl_features
    vhostctl features list 2>/dev/null | awk 'NR > 1 { print $2 }'
end

set -l commands setup plan validate caps doctor features state check loop
set -l parts list decode encode check diff
set -l state_parts show check diff

complete -c vhostctl -f
complete -c vhostctl -s h -l help -d 'say how it is used'
complete -c vhostctl -s V -l version -d 'say which version this is'
complete -c vhostctl -s j -l json -d 'print one JSON document, not tables'
complete -c vhostctl -s q -l quiet -d 'no warnings and no progress on stderr'
complete -c vhostctl -s v -l verbose -d "the library's log on stderr; -vv: each step"

complete -c vhostctl -n "not __vhostctl_in $commands" -a setup -d 'Bring devices up, and run a launcher on them'
complete -c vhostctl -n "not __vhostctl_in $commands" -a plan -d "Say what 'setup' would do"
complete -c vhostctl -n "not __vhostctl_in $commands" -a validate -d 'Say whether a vhost-setup document is right'
complete -c vhostctl -n "not __vhostctl_in $commands" -a caps -d 'Say what this host can do'
complete -c vhostctl -n "not __vhostctl_in $commands" -a doctor -d 'Say what is missing here, and what mends it'
complete -c vhostctl -n "not __vhostctl_in $commands" -a features -d 'What feature bits mean'
complete -c vhostctl -n "not __vhostctl_in $commands" -a state -d 'Documents of devices, to move guests'
complete -c vhostctl -n "not __vhostctl_in $commands" -a check -d 'Say whether a guest can move to a host'
complete -c vhostctl -n "not __vhostctl_in $commands" -a loop -d 'Send frames through a scratch device, and count them'

complete -c vhostctl -n '__vhostctl_in setup' -F
complete -c vhostctl -n '__vhostctl_in setup' -s u -l user -x -a '(__fish_complete_users)' -d 'run the launcher as this user'
complete -c vhostctl -n '__vhostctl_in setup' -s n -l no-new-privs -d 'the launcher can gain no privileges'
complete -c vhostctl -n '__vhostctl_in setup' -s r -l report -r -F -d 'write what was set up to FILE, as JSON'

complete -c vhostctl -n '__vhostctl_in plan' -F
complete -c vhostctl -n '__vhostctl_in plan' -s u -l user -x -a '(__fish_complete_users)' -d "as 'setup' with this option"
complete -c vhostctl -n '__vhostctl_in plan' -s c -l caps -r -F -d "check against this host: what 'caps' wrote there"

complete -c vhostctl -n '__vhostctl_in validate' -F

complete -c vhostctl -n '__vhostctl_in doctor' -s u -l user -x -a '(__fish_complete_users)' -d 'answer for this user'

complete -c vhostctl -n "__vhostctl_in features; and not __vhostctl_in $parts" -a list -d 'Every feature bit that has a name'
complete -c vhostctl -n "__vhostctl_in features; and not __vhostctl_in $parts" -a decode -d 'Say which features a mask means'
complete -c vhostctl -n "__vhostctl_in features; and not __vhostctl_in $parts" -a encode -d 'Say which mask features are'
complete -c vhostctl -n "__vhostctl_in features; and not __vhostctl_in $parts" -a check -d 'Say whether each feature has what it requires'
complete -c vhostctl -n "__vhostctl_in features; and not __vhostctl_in $parts" -a diff -d 'Say how two sets differ'
complete -c vhostctl -n '__vhostctl_in features; and __vhostctl_in decode encode check diff' -a '(__vhostctl_features)'

complete -c vhostctl -n "__vhostctl_in state; and not __vhostctl_in $state_parts" -a show -d 'Say what a vhost-state document has'
complete -c vhostctl -n "__vhostctl_in state; and not __vhostctl_in $state_parts" -a check -d 'Say whether a vhost-state document is right'
complete -c vhostctl -n "__vhostctl_in state; and not __vhostctl_in $state_parts" -a diff -d 'Say how two of them differ'
complete -c vhostctl -n "__vhostctl_in state; and __vhostctl_in $state_parts" -F

complete -c vhostctl -n '__vhostctl_in check; and not __vhostctl_in features state' -F
complete -c vhostctl -n '__vhostctl_in check; and not __vhostctl_in features state' -s H -l host -r -F -d "the host that 'caps --json' wrote CAPS on, not this one"

complete -c vhostctl -n '__vhostctl_in loop' -s n -l frames -x -d 'frames each way'
complete -c vhostctl -n '__vhostctl_in loop' -s Q -l queues -x -d 'queue pairs'
complete -c vhostctl -n '__vhostctl_in loop' -s s -l size -x -d 'bytes of a frame'
