// websocketpp, with its permessage-deflate: `server ADDRESS` or `client URL AGENT`.
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>
#include <string>

static const size_t limit = 1 << 20;

template <typename Base> struct Deflated : Base {
    struct permessage_deflate_config {};
    typedef websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config> permessage_deflate_type;
};
typedef websocketpp::server<Deflated<websocketpp::config::asio>> Server;
typedef websocketpp::client<Deflated<websocketpp::config::asio_client>> Client;

template <typename Endpoint> void prepare(Endpoint& endpoint, std::string* first) {
    endpoint.clear_access_channels(websocketpp::log::alevel::all);
    endpoint.clear_error_channels(websocketpp::log::elevel::all);
    endpoint.init_asio();
    endpoint.set_max_message_size(limit);
    endpoint.set_tcp_post_init_handler([&endpoint](websocketpp::connection_hdl handle) {
        websocketpp::lib::asio::error_code error;
        endpoint.get_con_from_hdl(handle)->get_raw_socket().set_option(websocketpp::lib::asio::ip::tcp::no_delay(true), error);
    });
    endpoint.set_message_handler([&endpoint, first](websocketpp::connection_hdl handle, typename Endpoint::message_ptr message) {
        if (first && first->empty() && message->get_opcode() == websocketpp::frame::opcode::text) *first = message->get_payload();
        websocketpp::lib::error_code error;
        endpoint.send(handle, message->get_payload(), message->get_opcode(), error);
    });
}

static std::string session(const std::string& url) {
    std::string first;
    Client client;
    prepare(client, &first);
    websocketpp::lib::error_code error;
    auto connection = client.get_connection(url, error);
    if (error) return "";
    client.connect(connection);
    client.run();
    return first;
}

int main(int, char** words) {
    std::string role = words[1], where = words[2];
    if (role == "server") {
        auto colon = where.rfind(':');
        Server server;
        prepare(server, nullptr);
        server.set_reuse_addr(true);
        server.listen(where.substr(0, colon), where.substr(colon + 1));
        server.start_accept();
        server.run();
        return 0;
    }
    std::string agent = words[3];
    int count = std::stoi(session(where + "/getCaseCount"));
    for (int i = 1; i <= count; i++) session(where + "/runCase?case=" + std::to_string(i) + "&agent=" + agent);
    session(where + "/updateReports?agent=" + agent);
}
