/* wslay: `server ADDRESS`. The library reads and writes frames and nothing else: the handshake is this program's, as little of it as will do. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

static ssize_t receive(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *user) {
    (void)flags;
    ssize_t n = recv(*(int *)user, buf, len, MSG_DONTWAIT);
    if (n > 0) return n;
    wslay_event_set_error(ctx, n < 0 && (errno == EAGAIN || errno == EINTR) ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t transmit(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *user) {
    (void)flags;
    ssize_t n = send(*(int *)user, data, len, MSG_NOSIGNAL);
    if (n < 0) wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
    return n;
}

static void heard(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
    (void)user;
    if (wslay_is_ctrl_frame(arg->opcode)) return;
    struct wslay_event_msg message = {arg->opcode, arg->msg, arg->msg_length};
    wslay_event_queue_msg(ctx, &message);
}

/* 0: the head is answered with 101. */
static int handshake(int fd) {
    char head[16385], key[128], answer[512];
    size_t have = 0;
    do {
        ssize_t n = recv(fd, head + have, 1, 0);
        if (n <= 0 || have + 2 > sizeof head) return -1;
        have += n;
        head[have] = 0;
    } while (!strstr(head, "\r\n\r\n"));
    char *at = strcasestr(head, "\r\nsec-websocket-key:");
    if (!at || sscanf(at + 20, " %64[^ \r\n]", key) != 1) return -1;
    strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    struct sha1_ctx sha;
    uint8_t digest[SHA1_DIGEST_SIZE];
    char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1] = {0};
    sha1_init(&sha);
    sha1_update(&sha, strlen(key), (uint8_t *)key);
    sha1_digest(&sha, sizeof digest, digest);
    base64_encode_raw(accept, sizeof digest, digest);
    int len = snprintf(answer, sizeof answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    return send(fd, answer, len, MSG_NOSIGNAL) == len ? 0 : -1;
}

static void *one(void *arg) {
    int fd = (int)(intptr_t)arg, yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct wslay_event_callbacks callbacks = {receive, transmit, NULL, NULL, NULL, NULL, heard};
    wslay_event_context_ptr ctx;
    if (handshake(fd) == 0 && wslay_event_context_server_init(&ctx, &callbacks, &fd) == 0) {
        wslay_event_config_set_max_recv_msg_length(ctx, 1 << 20);
        while (wslay_event_want_read(ctx) || wslay_event_want_write(ctx)) {
            char byte;
            if (wslay_event_want_write(ctx)) {
                if (wslay_event_send(ctx) != 0) break;
            } else if (recv(fd, &byte, 1, MSG_PEEK) <= 0 || wslay_event_recv(ctx) != 0) {
                break;
            }
        }
        wslay_event_context_free(ctx);
    }
    shutdown(fd, SHUT_WR);
    close(fd);
    return NULL;
}

int main(int count, char **words) {
    (void)count;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(strchr(words[2], ':') + 1)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listening = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 128)) return 1;
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, NULL, one, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    }
}
