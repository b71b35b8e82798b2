/* libwebsockets, with its permessage-deflate: `server ADDRESS`. It has no limit on a message: what arrives is collected here, up to a MiB, and sent. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1 << 20 };

struct message {
    struct message *next;
    size_t len;
    int binary;
    unsigned char data[];
};

struct session {
    struct message *first, **last;
    unsigned char *open;
    size_t have;
};

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    struct session *s = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        memset(s, 0, sizeof *s);
        s->last = &s->first;
        break;
    case LWS_CALLBACK_RECEIVE: {
        if (s->have + len > LIMIT) {
            lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
            return -1;
        }
        s->open = realloc(s->open, s->have + len + 1);
        if (len) memcpy(s->open + s->have, in, len);
        s->have += len;
        if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi)) {
            struct message *m = malloc(sizeof *m + LWS_PRE + s->have + 1);
            m->next = NULL;
            m->len = s->have;
            m->binary = lws_frame_is_binary(wsi);
            memcpy(m->data + LWS_PRE, s->open, s->have);
            s->have = 0;
            *s->last = m;
            s->last = &m->next;
            lws_callback_on_writable(wsi);
        }
        break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (s->first) {
            struct message *m = s->first;
            int n = lws_write(wsi, m->data + LWS_PRE, m->len, m->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
            s->first = m->next;
            if (!s->first) s->last = &s->first;
            free(m);
            if (n < 0) return -1;
            if (s->first) lws_callback_on_writable(wsi);
        }
        break;
    case LWS_CALLBACK_CLOSED:
        while (s->first) {
            struct message *m = s->first;
            s->first = m->next;
            free(m);
        }
        free(s->open);
        s->open = NULL;
        break;
    default:
        break;
    }
    return 0;
}

int main(int count, char **words) {
    (void)count;
    static const struct lws_protocols protocols[] = {{"echo", callback, sizeof(struct session), 4096, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
        {NULL, NULL, NULL}};
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info = {0};
    info.port = atoi(strchr(words[2], ':') + 1);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.extensions = extensions;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    struct lws_context *context = lws_create_context(&info);
    while (context && lws_service(context, 0) >= 0) {}
    return 1;
}
