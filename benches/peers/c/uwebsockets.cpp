// The parser of uWebSockets, and what formats its frames, as its WebSocketContext.h drives them; without its sockets. It looks at UTF-8 when
// a message has ended, and a client's masking keys are rand()'s.
#include "peer.h"
#include <string>
#include <vector>
#include "WebSocketProtocol.h"

namespace {
struct Context {
    Transport *transport;
    Tally *tally;
    size_t max_message;
    std::string fragments, control;
    bool failed = false;
};

struct Server {
    using State = uWS::WebSocketState<true>;

    static bool setCompressed(State *, void *) { return false; }
    static void forceClose(State *, void *user, std::string_view = {}) { static_cast<Context *>(user)->failed = true; }
    static bool refusePayloadLength(uint64_t length, State *, void *user) { return length > static_cast<Context *>(user)->max_message; }

    static bool handleFragment(char *data, size_t length, unsigned int remaining, int opcode, bool fin, State *state, void *user) {
        auto *context = static_cast<Context *>(user);
        if (opcode >= 3) {
            context->control.append(data, length);
            if (remaining) return false;
            if (opcode == uWS::PING) {
                char pong[128];
                size_t n = uWS::protocol::formatMessage<true>(pong, context->control.data(), context->control.size(), uWS::PONG, context->control.size(), false, true);
                transport_write(context->transport, pong, n);
            }
            context->control.clear();
            if (opcode == uWS::CLOSE) context->failed = true;
            return context->failed;
        }
        if (!remaining && fin && context->fragments.empty()) return take(context, opcode, data, length);
        if (context->fragments.empty()) context->fragments.reserve(length + remaining);
        if (context->fragments.size() + length > context->max_message) return context->failed = true;
        context->fragments.append(data, length);
        if (remaining || !fin) return false;
        bool closed = take(context, opcode, context->fragments.data(), context->fragments.size());
        context->fragments.clear();
        return closed;
    }

    static bool take(Context *context, int opcode, char *data, size_t length) {
        if (opcode == uWS::TEXT && !uWS::protocol::isValidUtf8(reinterpret_cast<unsigned char *>(data), length)) return context->failed = true;
        tally_message(context->tally, data, length);
        return false;
    }
};
}

RECEIVE(uwebsockets) {
    using Protocol = uWS::WebSocketProtocol<true, Server>;
    Context context{transport, tally, max_message, {}, {}};
    Server::State state;
    // With room before and after, as the protocol needs.
    std::vector<char> buffer(LIBUS_RECV_BUFFER_LENGTH + 2 * LIBUS_RECV_BUFFER_PADDING);
    while (tally_messages(tally) < messages) {
        char *read = buffer.data() + LIBUS_RECV_BUFFER_PADDING;
        size_t n = transport_read(transport, read, 65536);
        if (n == 0) return 1;
        Protocol::consume(read, n, &state, &context);
        if (context.failed) return 2;
    }
    return 0;
}

SEND(uwebsockets) {
    // A client of uWebSockets has no keys that can't be foretold.
    if (sending->client) return 1;
    std::vector<char> out((sending->len + 14) * sending->batch + 16);
    for (uint64_t i = 0; i < sending->batches; ++i) {
        size_t end = 0;
        for (uint64_t n = 0; n < sending->batch; ++n)
            end += uWS::protocol::formatMessage<true>(out.data() + end, reinterpret_cast<const char *>(sending->payload), sending->len, uWS::BINARY, sending->len, false, true);
        transport_write(transport, out.data(), end);
    }
    return 0;
}
