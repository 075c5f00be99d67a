# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of vhostctl for fish. Commands and options are those that 'vhostctl commands' lists.

# A table that vhostctl prints, without its heading, with tabs between the columns.
function __vhostctl_table
    vhostctl $argv 2>/dev/null | awk -F '  +' -v OFS='\t' 'NR > 1 { sub(/^ +/, ""); $1 = $1; print }'
end

# The names of features, after the last comma of the word.
function __vhostctl_features
    set -l before (string match -r '.*,' -- (commandline -ct))
    printf "$before%s\n" (__vhostctl_table features list | cut -f 2)
end

# What the devices that are in use have in these columns.
function __vhostctl_running
    vhostctl --quiet list 2>/dev/null | awk -F '  +' -v names=" $argv " '
        { sub(/^ +/, "") }
        NR == 1 { for (i = 1; i <= NF; i++) if (index(names, " " $i " ")) at[i]; next }
        { for (i in at) if ($i != "-") print $i }' | sort -u
end

function __vhostctl_has_launcher
    contains -- -- (commandline -opc)
end

# What its own completions offer for the launcher, and its name before that.
function __vhostctl_launcher
    set -l words (commandline -opc)
    set -l launcher (string escape -- $words[(math (contains -i -- -- $words) + 1)..])
    complete -C "$launcher "(commandline -ct | string trim -l)
end

# The words before the cursor that are no options, nor the help in front of them.
function __vhostctl_words
    set -l words (commandline -opc)
    set words (string match -v -- '-*' $words[2..])
    test "$words[1]" = help; and set -e words[1]
    string join ' ' -- $words
end

# Is this the command, or only these words of one?
function __vhostctl_runs
    __vhostctl_has_launcher; and return 1
    set -l words (__vhostctl_words)
    string match -q -- "$argv[1] *" "$words "
end

function __vhostctl_after
    __vhostctl_has_launcher; and return 1
    set -l words (__vhostctl_words)
    test "$argv[1]" = "$words"
end

complete -c vhostctl -f
complete -c vhostctl -n __vhostctl_has_launcher -a '(__vhostctl_launcher)'

set -l groups
for row in (__vhostctl_table commands)
    set -l cells (string split \t -- $row)
    set -l name $cells[1]
    set -l option (string replace -- -- '' $cells[2])
    set -l letter (string replace -- - '' $cells[3])
    set -l values
    switch $cells[4]
        case file
            set values -F
        case user
            set values -a '(__fish_complete_users)'
        case '*|*'
            set values -a (string replace -a '|' ' ' -- $cells[4])
        case set
            set values -a '(__vhostctl_features)'
        case device
            set values -a '(__vhostctl_running pid link id launcher)'
        case broker # a config is one, too; a broker without a name is shown by its pid
            set values -F -a '(__vhostctl_running broker | string match -v -r "^[0-9]")'
    end
    if test $cells[2] != - # an option
        set -l where
        test $name = -; or set where -n "__vhostctl_runs '$name'"
        contains $cells[4] flag; or set values -r $values
        contains $cells[4] flag file; or set values -f $values
        complete -c vhostctl $where -s $letter -l $option -d $cells[7] $values
        continue
    end
    set -l words (string split ' ' -- $name)
    if set -q words[2]
        contains $words[1] $groups; or complete -c vhostctl -n '__vhostctl_after ""' -a $words[1] -d 'More commands'
        set -a groups $words[1]
        complete -c vhostctl -n "__vhostctl_after $words[1]" -a $words[2] -d $cells[7]
    else
        complete -c vhostctl -n '__vhostctl_after ""' -a $name -d $cells[7]
    end
    set -q values[1]; and complete -c vhostctl -n "__vhostctl_runs '$name'" $values
end
