// wslay, which is sans-IO, by its API of events. It validates UTF-8.
#include "peer.h"
#include <cstring>
#include <wslay/wslay.h>

namespace {
struct Context {
    Transport *transport;
    Tally *tally;
    // What was read and not taken yet.
    uint8_t buffer[65536];
    size_t start = 0, end = 0;
};

ssize_t receive(wslay_event_context_ptr event, uint8_t *to, size_t len, int, void *user) {
    auto *context = static_cast<Context *>(user);
    // As with a socket after one read.
    if (context->start == context->end) {
        wslay_event_set_error(event, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t n = context->end - context->start < len ? context->end - context->start : len;
    memcpy(to, context->buffer + context->start, n);
    context->start += n;
    return n;
}

ssize_t write(wslay_event_context_ptr, const uint8_t *bytes, size_t len, int, void *user) {
    transport_write(static_cast<Context *>(user)->transport, bytes, len);
    return len;
}

int mask(wslay_event_context_ptr, uint8_t *to, size_t len, void *) {
    for (size_t i = 0; i < len; i += 4) masking_key(to + i);
    return 0;
}

void message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg *argument, void *user) {
    if (!wslay_is_ctrl_frame(argument->opcode)) tally_message(static_cast<Context *>(user)->tally, argument->msg, argument->msg_length);
}

const wslay_event_callbacks CALLBACKS = {receive, write, mask, nullptr, nullptr, nullptr, message};
}

RECEIVE(wslay) {
    Context *context = new Context;
    context->transport = transport;
    context->tally = tally;
    wslay_event_context_ptr event;
    if (wslay_event_context_server_init(&event, &CALLBACKS, context)) return 1;
    wslay_event_config_set_max_recv_msg_length(event, max_message);
    int error = 0;
    while (!error && tally_messages(tally) < messages) {
        context->start = 0;
        context->end = transport_read(transport, context->buffer, sizeof context->buffer);
        error = context->end == 0 ? 3 : wslay_event_recv(event);
        // A Close is queued for what breaks the protocol.
        if (!error && (wslay_event_get_close_sent(event) || wslay_event_get_read_enabled(event) == 0)) error = 2;
        if (wslay_event_want_write(event)) wslay_event_send(event);
    }
    wslay_event_context_free(event);
    delete context;
    return error;
}

SEND(wslay) {
    Context *context = new Context;
    context->transport = transport;
    wslay_event_context_ptr event;
    if (sending->client ? wslay_event_context_client_init(&event, &CALLBACKS, context) : wslay_event_context_server_init(&event, &CALLBACKS, context))
        return 1;
    int error = 0;
    wslay_event_msg argument = {WSLAY_BINARY_FRAME, sending->payload, sending->len};
    for (uint64_t i = 0; !error && i < sending->batches; ++i) {
        for (uint64_t n = 0; !error && n < sending->batch; ++n) error = wslay_event_queue_msg(event, &argument);
        if (!error) error = wslay_event_send(event);
    }
    wslay_event_context_free(event);
    delete context;
    return error;
}
