// Boost.Beast, synchronous, over a stream that is the transport.
#include "peer.h"
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstring>

namespace {
namespace beast = boost::beast;
namespace asio = boost::asio;
namespace websocket = beast::websocket;

/// First the handshake, and then the transport.
struct Stream {
    using executor_type = asio::io_context::executor_type;
    Transport *transport;
    asio::io_context *context;
    bool open = false;
    size_t asked = 0;

    Stream(Transport *transport, asio::io_context *context) : transport(transport), context(context) {}
    executor_type get_executor() { return context->get_executor(); }

    template <class Buffers> size_t read_some(Buffers const &buffers, beast::error_code &error) {
        error = {};
        for (auto buffer : beast::buffers_range_ref(buffers)) {
            if (buffer.size() == 0) continue;
            size_t n;
            if (open) {
                n = transport_read(transport, buffer.data(), buffer.size());
            } else {
                n = std::min(buffer.size(), sizeof HANDSHAKE - 1 - asked);
                memcpy(buffer.data(), HANDSHAKE + asked, n);
                asked += n;
            }
            if (n == 0) error = asio::error::eof;
            return n;
        }
        return 0;
    }
    template <class Buffers> size_t read_some(Buffers const &buffers) {
        beast::error_code error;
        size_t n = read_some(buffers, error);
        if (error) throw beast::system_error(error);
        return n;
    }

    template <class Buffers> size_t write_some(Buffers const &buffers, beast::error_code &error) {
        error = {};
        size_t all = 0, count = 0;
        Slice slices[16];
        for (auto buffer : beast::buffers_range_ref(buffers)) {
            if (count == 16) break;
            slices[count++] = {buffer.data(), buffer.size()};
            all += buffer.size();
        }
        if (open) transport_write_slices(transport, slices, count);
        return all;
    }
    template <class Buffers> size_t write_some(Buffers const &buffers) {
        beast::error_code error;
        return write_some(buffers, error);
    }
};

void teardown(beast::role_type, Stream &, beast::error_code &error) { error = {}; }

using Socket = websocket::stream<Stream, false>;

Socket accepted(Transport *transport, asio::io_context &context) {
    Socket socket(transport, &context);
    socket.auto_fragment(false);
    socket.binary(true);
    socket.accept();
    socket.next_layer().open = true;
    return socket;
}
}

RECEIVE(beast) try {
    asio::io_context context;
    Socket socket = accepted(transport, context);
    socket.read_message_max(max_message);
    beast::flat_buffer buffer;
    while (tally_messages(tally) < messages) {
        socket.read(buffer);
        tally_message(tally, buffer.data().data(), buffer.size());
        buffer.clear();
    }
    return 0;
} catch (std::exception const &) {
    return 1;
}

SEND(beast) try {
    if (sending->client) return 1;
    asio::io_context context;
    Socket socket = accepted(transport, context);
    for (uint64_t i = 0; i < sending->batch * sending->batches; ++i) socket.write(asio::buffer(sending->payload, sending->len));
    return 0;
} catch (std::exception const &) {
    return 1;
}
