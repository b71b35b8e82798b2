// An echo server on uWebSockets, with one thread. Its first line says where it listens.
#include "App.h"
#include <iostream>

struct Data {};

int main() {
    uWS::App::WebSocketBehavior<Data> behaviour;
    behaviour.compression = uWS::DISABLED;
    behaviour.maxPayloadLength = 16 << 20;
    behaviour.maxBackpressure = 64 << 20;
    behaviour.message = [](auto *socket, std::string_view message, uWS::OpCode opcode) { socket->send(message, opcode); };
    uWS::App().ws<Data>("/*", std::move(behaviour)).listen("127.0.0.1", 0, [](us_listen_socket_t *listener) {
        std::cout << "listening on 127.0.0.1:" << us_socket_local_port(0, reinterpret_cast<us_socket_t *>(listener)) << std::endl;
    }).run();
}
