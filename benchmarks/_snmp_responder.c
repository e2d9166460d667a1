/* A fast SNMPv2c agent for benchmarks: each address of 127/8 is another device.
 *
 *   cc -O2 -o responder _snmp_responder.c && ./responder PORT ROWS
 *
 * Answers GET, GETNEXT and GETBULK of the objects that benchmarks/_snmp.py names. Values depend on the address asked,
 * so that an answer of the wrong device is noticed. 127.99.x.y never answers. 1.3.6.1.4.1.99999.1.0 is the number of requests
 * served. It checks lengths only as far as it must not crash: it is asked by its own benchmark alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

typedef struct { uint32_t n[16]; int len; int tag; int kind; int row; uint8_t ber[32]; int ber_len; } Object;

static Object objects[4096];
static int count;
static uint64_t served;

enum { UP, ROWS, HOSTUP, PROCS, USERS, MEMT, MEMA, IDLE, IN, OUT, OPER, NAME, SERVED };

static void add(const char *text, int row, int tag, int kind) {
    Object *o = &objects[count++];
    char buf[128];
    snprintf(buf, sizeof buf, "%s.%d", text, row);
    for (char *p = strtok(buf, "."); p; p = strtok(NULL, ".")) o->n[o->len++] = (uint32_t)strtoul(p, NULL, 10);
    o->tag = tag; o->kind = kind; o->row = row;
    uint8_t *b = o->ber;
    *b++ = (uint8_t)(o->n[0] * 40 + o->n[1]);
    for (int i = 2; i < o->len; i++) {
        uint32_t v = o->n[i];
        if (v >= 1 << 14) *b++ = 0x80 | (v >> 14);
        if (v >= 1 << 7) *b++ = 0x80 | ((v >> 7) & 0x7f);
        *b++ = v & 0x7f;
    }
    o->ber_len = (int)(b - o->ber);
}

static int compare(const uint32_t *a, int an, const uint32_t *b, int bn) {
    for (int i = 0; i < an && i < bn; i++) if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return an - bn;
}

static int by_oid(const void *a, const void *b) {
    const Object *x = a, *y = b;
    return compare(x->n, x->len, y->n, y->len);
}

/* First object not less than (or, for `after`, greater than) the identifier. */
static int find(const uint32_t *n, int len, int after) {
    int lo = 0, hi = count;
    while (lo < hi) {
        int mid = (lo + hi) / 2, c = compare(objects[mid].n, objects[mid].len, n, len);
        if (c < 0 || (after && c == 0)) lo = mid + 1; else hi = mid;
    }
    return lo;
}

static uint64_t number(const Object *o, uint32_t address) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t cs = (uint64_t)t.tv_sec * 100 + (uint64_t)t.tv_nsec / 10000000;
    switch (o->kind) {
        case UP: case HOSTUP: return cs & 0xffffffff;
        case ROWS: return 6;
        case PROCS: return 40 + address % 17;
        case USERS: return address & 0xffffff;
        case MEMT: return 131072;
        case MEMA: return 60000 + address % 1000;
        case IDLE: return address % 100;
        case IN: return 5000000000ull + cs * 1000 + address + (unsigned)o->row;
        case OUT: return 9000000000ull + cs * 700 + address + (unsigned)o->row;
        case OPER: return 1;
        default: return served;
    }
}

static uint8_t *put_length(uint8_t *p, int n) {
    if (n >= 256) { *p++ = 0x82; *p++ = (uint8_t)(n >> 8); } else if (n >= 128) *p++ = 0x81;
    *p++ = (uint8_t)n;
    return p;
}

static int length_size(int n) { return n >= 256 ? 3 : n >= 128 ? 2 : 1; }

static uint8_t *put_varbind(uint8_t *p, const uint8_t *oid, int oid_len, int tag, const uint8_t *value, int value_len) {
    *p++ = 0x30;
    p = put_length(p, 2 + oid_len + 1 + length_size(value_len) + value_len);
    *p++ = 6; *p++ = (uint8_t)oid_len;
    memcpy(p, oid, (size_t)oid_len); p += oid_len;
    *p++ = (uint8_t)tag;
    p = put_length(p, value_len);
    memcpy(p, value, (size_t)value_len);
    return p + value_len;
}

static uint8_t *put_object(uint8_t *p, const Object *o, uint32_t address) {
    uint8_t value[32];
    int len;
    if (o->kind == NAME) {
        len = snprintf((char *)value, sizeof value, "ether%d", o->row);
    } else {
        uint64_t v = number(o, address);
        uint8_t raw[9] = {0};
        for (int i = 0; i < 8; i++) raw[8 - i] = (uint8_t)(v >> (8 * i));
        int first = 0;
        while (first < 8 && raw[first] == 0 && !(raw[first + 1] & 0x80)) first++;
        len = 9 - first;
        memcpy(value, raw + first, (size_t)len);
    }
    return put_varbind(p, o->ber, o->ber_len, o->tag, value, len);
}

static const uint8_t *header(const uint8_t *p, const uint8_t *end, int *len) {
    if (p + 2 > end) return NULL;
    p++;
    int n = *p++;
    if (n & 0x80) {
        int k = n & 0x7f;
        if (k > 2 || p + k > end) return NULL;
        for (n = 0; k--;) n = n << 8 | *p++;
    }
    *len = n;
    return p + n <= end ? p : NULL;
}

static int integer(const uint8_t *p, int len) {
    int v = 0;
    while (len--) v = v << 8 | *p++;
    return v;
}

static int answer(const uint8_t *in, int size, uint8_t *out, uint32_t address) {
    const uint8_t *end = in + size, *p = in, *community, *id;
    int n, community_len, id_len, a, b, kind;
    if (!(p = header(p, end, &n)) || !(p = header(p, end, &n))) return 0;
    if (n != 1 || *p != 1) return 0;
    if (!(community = header(p + n, end, &community_len))) return 0;
    p = community + community_len;
    if (p >= end) return 0;
    kind = *p;
    if (!(p = header(p, end, &n)) || !(id = header(p, end, &id_len))) return 0;
    if (!(p = header(id + id_len, end, &n))) return 0;
    a = integer(p, n);
    if (!(p = header(p + n, end, &n))) return 0;
    b = integer(p, n);
    if (!(p = header(p + n, end, &n))) return 0;
    static uint32_t oids[256][16];
    static int lens[256];
    int asked = 0;
    while (p < end && asked < 256) {
        const uint8_t *o;
        int size_o;
        if (!(p = header(p, end, &n))) return 0;
        if (!(o = header(p, end, &size_o)) || size_o > 15) return 0;
        uint32_t *to = oids[asked];
        int k = 0;
        uint32_t v = 0;
        for (int i = 0; i < size_o && k < 15; i++) {
            v = v << 7 | (o[i] & 0x7f);
            if (o[i] & 0x80) continue;
            if (k == 0) { to[k++] = v / 40; to[k++] = v % 40; } else to[k++] = v;
            v = 0;
        }
        lens[asked++] = k;
        p += n;
    }
    served++;
    static uint8_t body[60000];
    uint8_t *w = body;
    if (kind == 0xA0) {
        for (int i = 0; i < asked; i++) {
            int at = find(oids[i], lens[i], 0);
            if (at < count && !compare(objects[at].n, objects[at].len, oids[i], lens[i])) w = put_object(w, &objects[at], address);
        }
    } else {
        int once = kind == 0xA5 ? a : asked, times = kind == 0xA5 ? b : 0;
        static int at[256];
        for (int i = 0; i < asked; i++) at[i] = find(oids[i], lens[i], 1);
        for (int r = 0; r < (times > 1 ? times : 1); r++) {
            for (int i = r ? once : 0; i < asked; i++) {
                if (w - body > 50000) break;
                if (i >= once && times == 0) continue;
                if (at[i] < count) w = put_object(w, &objects[at[i]], address);
                else { const Object *o = &objects[count - 1]; w = put_varbind(w, o->ber, o->ber_len, 0x82, NULL, 0); }
                at[i]++;
            }
        }
    }
    int vb = (int)(w - body);
    int pdu = 2 + id_len + 6 + 1 + length_size(vb) + vb;
    int all = 3 + 1 + length_size(community_len) + community_len + 1 + length_size(pdu) + pdu;
    uint8_t *o = out;
    *o++ = 0x30; o = put_length(o, all);
    memcpy(o, "\x02\x01\x01\x04", 4); o += 4;
    o = put_length(o, community_len); memcpy(o, community, (size_t)community_len); o += community_len;
    *o++ = 0xA2; o = put_length(o, pdu);
    *o++ = 2; *o++ = (uint8_t)id_len; memcpy(o, id, (size_t)id_len); o += id_len;
    memcpy(o, "\x02\x01\x00\x02\x01\x00\x30", 7); o += 7;
    o = put_length(o, vb); memcpy(o, body, (size_t)vb);
    return (int)(o - out) + vb;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int rows = atoi(argv[2]), yes = 1, big = 8 << 20;
    add("1.3.6.1.2.1.1.3", 0, 0x43, UP); add("1.3.6.1.2.1.2.1", 0, 0x02, ROWS);
    add("1.3.6.1.2.1.25.1.1", 0, 0x43, HOSTUP); add("1.3.6.1.2.1.25.1.6", 0, 0x42, PROCS);
    add("1.3.6.1.2.1.25.1.5", 0, 0x42, USERS); add("1.3.6.1.4.1.2021.4.5", 0, 0x02, MEMT);
    add("1.3.6.1.4.1.2021.4.6", 0, 0x02, MEMA); add("1.3.6.1.4.1.2021.11.11", 0, 0x02, IDLE);
    add("1.3.6.1.4.1.99999.1", 0, 0x46, SERVED);
    for (int i = 1; i <= rows; i++) {
        add("1.3.6.1.2.1.2.2.1.8", i, 0x02, OPER); add("1.3.6.1.2.1.31.1.1.1.1", i, 0x04, NAME);
        add("1.3.6.1.2.1.31.1.1.1.6", i, 0x46, IN); add("1.3.6.1.2.1.31.1.1.1.10", i, 0x46, OUT);
    }
    qsort(objects, (size_t)count, sizeof *objects, by_oid);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
    setsockopt(s, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    if (bind(s, (struct sockaddr *)&me, sizeof me)) { perror("bind"); return 1; }
    puts("ready"); fflush(stdout);
    static uint8_t in[65536], out[65536];
    for (;;) {
        struct sockaddr_in from;
        char control[256];
        struct iovec iov = {in, sizeof in};
        struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1,
                           .msg_control = control, .msg_controllen = sizeof control};
        ssize_t got = recvmsg(s, &m, 0);
        if (got <= 0) continue;
        struct in_pktinfo *info = NULL;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
            if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) info = (struct in_pktinfo *)CMSG_DATA(c);
        if (!info) continue;
        uint32_t address = ntohl(info->ipi_addr.s_addr);
        if (address >> 16 == (127u << 8 | 99)) continue;
        int size = answer(in, (int)got, out, address);
        if (size <= 0) continue;
        info->ipi_spec_dst = info->ipi_addr;
        info->ipi_ifindex = 0;
        iov.iov_base = out; iov.iov_len = (size_t)size;
        sendmsg(s, &m, 0);
    }
}
