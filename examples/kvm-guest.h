/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm-guest - a guest without an operating system that drives a vhost-net device itself: its memory
 * layout, its code, and its counters.  For kvm.c only.
 */
#ifndef KVM_GUEST_H
#define KVM_GUEST_H

#include <stdint.h>

/* The guest's code uses these numbers too, so each is a single token. */
#define FRAMES	10000
#define RING	64 /* descriptors of a ring */
#define HEADER	12 /* struct virtio_net_hdr_v1: all zero is a plain frame */
#define LENGTH	72 /* that and a frame */
#define BUFFER	128
#define CODE	0x1000 /* where things are in the guest's memory */
#define COUNTS	0x2000
#define STACK	0x4000
#define RECEIVE 0x4000 /* a ring: descriptors, 0x400 avail, 0x800 used, 0x1000 buffers */
#define SEND	0x8000
#define SEEN	0xc000 /* for each frame number, how often it was received */
#define PORT	0xc050 /* the doorbell: the guest writes the ring's number there */
#define DONE	0xc060 /* written when the guest is done; no device is there */

#define TEXT(x)	     #x
#define TEXT_OF(x)   TEXT(x)
#define NUMBER(name) ".set " #name ", " TEXT_OF(name) "\n"

/*
 * The guest, in real mode with all segments except the code segment at 0.  It never polls: when there
 * is nothing to do, it halts until an interrupt.
 */
/* clang-format off */
__asm__(
	NUMBER(FRAMES) NUMBER(RING) NUMBER(HEADER) NUMBER(LENGTH) NUMBER(BUFFER) NUMBER(COUNTS)
	NUMBER(RECEIVE) NUMBER(SEND) NUMBER(SEEN) NUMBER(PORT) NUMBER(DONE)
	".set RECEIVED, COUNTS\n"	/* struct counts, below */
	".set TAKEN,    COUNTS + 2\n"
	".set SENT,     COUNTS + 4\n"
	".set IRQS,     COUNTS + 6\n"
	".set BELLS,    COUNTS + 10\n"
	".set AVAIL,    0x400\n"	/* flags, idx, ring of 2 bytes each */
	".set USED,     0x800\n"	/* flags, idx, ring of id and length, 4 bytes each */
	".set BUFFERS,  0x1000\n"
	".set TYPE,     HEADER + 12\n"	/* in a buffer: the EtherType, followed by the number */

	".pushsection .rodata\n"
	".intel_syntax noprefix\n"
	".code16\n"
	"guest_begin:\n"
	/* the interrupt controller: IRQ 0 is vector 0x20, and all except 5 and 6 are masked */
	"	mov al, 0x11;  out 0x20, al\n"
	"	mov al, 0x20;  out 0x21, al\n"
	"	mov al, 0x04;  out 0x21, al\n"
	"	mov al, 0x01;  out 0x21, al\n"
	"	mov al, 0x9f;  out 0x21, al\n"

	/* a buffer for each descriptor: the device writes those of one ring, and reads the other's */
	"	mov di, RECEIVE;  mov ax, BUFFER;  mov dx, 2;  call describe\n"
	"	mov di, SEND;     mov ax, LENGTH;  mov dx, 0;  call describe\n"

	"turn:\n"
	"	mov bp, [SEND + USED + 2]\n"	/* what the device has sent so far */
	"	call take\n"
	"	call transmit\n"
	"	cmp word ptr [RECEIVED], FRAMES\n"
	"	jb  idle\n"
	"	cmp bp, FRAMES\n"
	"	je  done\n"
	"idle:	cli\n"				/* has anything arrived since? */
	"	cmp bp, [SEND + USED + 2]\n"
	"	jne again\n"
	"	mov ax, [TAKEN]\n"
	"	cmp ax, [RECEIVE + USED + 2]\n"
	"	jne again\n"
	"	sti\n"				/* takes effect after the next instruction: no interrupt is missed */
	"	hlt\n"
	"again:	sti\n"
	"	jmp turn\n"
	"done:	mov dx, DONE\n"
	"	out dx, ax\n"
	"	hlt\n"

	/* di: the ring, ax: length, dx: flags of each descriptor.  Descriptor i is available as i. */
	"describe:\n"
	"	lea bx, [di + BUFFERS]\n"
	"	lea si, [di + AVAIL + 4]\n"
	"	xor cx, cx\n"
	"1:	mov [di], bx\n"
	"	mov [di + 8], ax\n"
	"	mov [di + 12], dx\n"
	"	mov [si], cx\n"
	"	add bx, BUFFER\n"
	"	add di, 16\n"
	"	add si, 2\n"
	"	inc cx\n"
	"	cmp cx, RING\n"
	"	jb  1b\n"
	"	ret\n"

	/* Takes the received frames, and gives each buffer back. */
	"take:\n"
	"	mov ax, [TAKEN]\n"
	"	cmp ax, [RECEIVE + USED + 2]\n"
	"	je  3f\n"
	"	mov si, ax\n"
	"	and si, RING - 1\n"
	"	mov di, si\n"
	"	shl si, 3\n"
	"	shl di, 1\n"
	"	mov bx, [si + RECEIVE + USED + 4]\n"	/* which buffer */
	"	mov cx, [si + RECEIVE + USED + 8]\n"	/* how much is in it */
	"	mov [di + RECEIVE + AVAIL + 4], bx\n"
	"	inc ax\n"
	"	mov [TAKEN], ax\n"
	"	shl bx, 7\n"
	"	cmp word ptr [bx + RECEIVE + BUFFERS + TYPE], 0xb588\n"
	"	jne take\n"				/* the host's kernel sends frames of its own */
	"	mov bx, [bx + RECEIVE + BUFFERS + TYPE + 2]\n"
	"	cmp bx, FRAMES\n"
	"	jae take\n"
	"	cmp cx, LENGTH\n"
	"	jne take\n"
	"	inc byte ptr [bx + SEEN]\n"
	"	inc word ptr [RECEIVED]\n"
	"	jmp take\n"
	"3:	add ax, RING\n"				/* all of the ring is the device's again */
	"	xor bx, bx\n"
	"	mov di, RECEIVE\n"
	"	jmp ring\n"

	/* Numbers the frames in as many buffers as are free, and sends them. */
	"transmit:\n"
	"	mov ax, [SENT]\n"
	"	cmp ax, FRAMES\n"
	"	je  3f\n"
	"	mov cx, ax\n"
	"	sub cx, bp\n"
	"	cmp cx, RING\n"
	"	je  3f\n"
	"	mov si, ax\n"
	"	and si, RING - 1\n"
	"	mov di, si\n"
	"	shl di, 1\n"
	"	mov bx, si\n"				/* in the first round, buffer i belongs to descriptor i, */
	"	cmp ax, RING\n"
	"	jb  2f\n"
	"	shl si, 3\n"
	"	mov bx, [si + SEND + USED + 4]\n"	/* later it is the one used longest ago */
	"2:	mov [di + SEND + AVAIL + 4], bx\n"
	"	shl bx, 7\n"
	"	mov [bx + SEND + BUFFERS + TYPE + 2], ax\n"
	"	inc ax\n"
	"	mov [SENT], ax\n"
	"	jmp transmit\n"
	"3:	mov bx, 1\n"
	"	mov di, SEND\n"

	/* di: the ring, bx: its number, ax: its new available index.  A change rings the doorbell. */
	"ring:	cmp ax, [di + AVAIL + 2]\n"
	"	je  4f\n"
	"	mov [di + AVAIL + 2], ax\n"
	"	mov ax, bx\n"
	"	mov dx, PORT\n"
	"	out dx, ax\n"
	"	shl bx, 1\n"
	"	inc word ptr [bx + BELLS]\n"
	"4:	ret\n"

	"irq5:	inc word ptr [IRQS]\n"
	"	jmp end_irq\n"
	"irq6:	inc word ptr [IRQS + 2]\n"
	"end_irq:\n"
	"	push ax\n"
	"	mov al, 0x20;  out 0x20, al\n"
	"	pop ax\n"
	"	iret\n"
	"guest_end:\n"
	".code64\n"
	".att_syntax prefix\n"
	".popsection\n");
/* clang-format on */

extern const unsigned char guest_begin[], guest_end[], irq5[], irq6[];

/* At COUNTS. */
struct counts {
	uint16_t received, taken, sent, interrupts[2], doorbells[2];
};

/* Ethernet with an experimental type, to an unused address. */
struct frame {
	unsigned char head[12];
	uint16_t type, number; /* the number in the guest's byte order */
	unsigned char fill[44];
} __attribute__((packed));

static const struct frame model = { .head = "\2\0\0\0\0\1\2\0\0\0\0\2", .type = 0xb588 };

#endif
