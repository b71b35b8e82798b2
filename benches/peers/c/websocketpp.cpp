// websocketpp, by its transport of iostreams.
#include "peer.h"
#include <websocketpp/config/core.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

namespace {
struct Config : websocketpp::config::core {
    typedef Config type;
    static const websocketpp::log::level elog_level = websocketpp::log::elevel::none;
    static const websocketpp::log::level alog_level = websocketpp::log::alevel::none;
    typedef websocketpp::log::stub elog_type;
    typedef websocketpp::log::stub alog_type;
    struct transport_config : websocketpp::config::core::transport_config {
        typedef type::alog_type alog_type;
        typedef type::elog_type elog_type;
    };
    typedef websocketpp::transport::iostream::endpoint<transport_config> transport_type;
    static const size_t max_message_size = 128 << 20;
};
using Server = websocketpp::server<Config>;

struct Connected {
    Server server;
    Server::connection_ptr connection;
    Transport *transport;
    std::vector<Slice> slices;
    bool open = false, failed = false;

    explicit Connected(Transport *transport, size_t max_message, Tally *tally) : transport(transport) {
        server.set_write_handler([this](websocketpp::connection_hdl, char const *bytes, size_t len) {
            if (open) transport_write(this->transport, bytes, len);
            return websocketpp::lib::error_code();
        });
        server.set_message_handler([tally](websocketpp::connection_hdl, Server::message_ptr message) {
            if (tally) tally_message(tally, message->get_payload().data(), message->get_payload().size());
        });
        server.set_fail_handler([this](websocketpp::connection_hdl) { failed = true; });
        server.set_close_handler([this](websocketpp::connection_hdl) { failed = true; });
        server.set_max_message_size(max_message);
        connection = server.get_connection();
        connection->set_vector_write_handler([this](websocketpp::connection_hdl, std::vector<websocketpp::transport::buffer> const &buffers) {
            slices.clear();
            for (auto const &buffer : buffers) slices.push_back({buffer.buf, buffer.len});
            if (open) transport_write_slices(this->transport, slices.data(), slices.size());
            return websocketpp::lib::error_code();
        });
        connection->start();
        connection->read_all(HANDSHAKE, sizeof HANDSHAKE - 1);
        open = connection->get_state() == websocketpp::session::state::open;
    }
};
}

RECEIVE(websocketpp) try {
    Connected connected(transport, max_message, tally);
    if (!connected.open) return 1;
    std::vector<char> buffer(65536);
    while (tally_messages(tally) < messages) {
        size_t n = transport_read(transport, buffer.data(), buffer.size());
        if (n == 0) return 2;
        connected.connection->read_all(buffer.data(), n);
        if (connected.failed || connected.connection->get_state() != websocketpp::session::state::open) return 3;
    }
    return 0;
} catch (std::exception const &) {
    return 4;
}

SEND(websocketpp) try {
    if (sending->client) return 1;
    Connected connected(transport, 128 << 20, nullptr);
    if (!connected.open) return 2;
    for (uint64_t i = 0; i < sending->batch * sending->batches; ++i)
        if (connected.connection->send(sending->payload, sending->len, websocketpp::frame::opcode::binary)) return 3;
    return 0;
} catch (std::exception const &) {
    return 4;
}
