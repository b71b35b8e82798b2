// An echo server on websocketpp, with one thread. Its first line says where it listens.
#include <iostream>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

using Server = websocketpp::server<websocketpp::config::asio>;

int main() {
    Server server;
    server.clear_access_channels(websocketpp::log::alevel::all);
    server.clear_error_channels(websocketpp::log::elevel::all);
    server.init_asio();
    server.set_reuse_addr(true);
    server.set_max_message_size(16 << 20);
    server.set_tcp_post_init_handler([&](websocketpp::connection_hdl handle) {
        websocketpp::lib::asio::error_code error;
        server.get_con_from_hdl(handle)->get_raw_socket().set_option(websocketpp::lib::asio::ip::tcp::no_delay(true), error);
    });
    server.set_message_handler([&](websocketpp::connection_hdl handle, Server::message_ptr message) {
        websocketpp::lib::error_code error;
        server.send(handle, message->get_payload(), message->get_opcode(), error);
    });
    server.set_listen_backlog(4096);
    server.listen(websocketpp::lib::asio::ip::tcp::endpoint(websocketpp::lib::asio::ip::make_address("127.0.0.1"), 0));
    websocketpp::lib::asio::error_code error;
    std::cout << "listening on " << server.get_local_endpoint(error) << std::endl;
    server.start_accept();
    server.run();
}
