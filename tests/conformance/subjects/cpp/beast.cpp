// Boost.Beast: `server ADDRESS` or `client URL AGENT`. A thread for each connection.
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <thread>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;
using Socket = websocket::stream<tcp::socket>;

static const std::size_t limit = 1 << 20;

static void prepare(Socket& socket) {
    websocket::permessage_deflate deflate;
    deflate.server_enable = deflate.client_enable = true;
    socket.set_option(deflate);
    socket.read_message_max(limit);
}

static std::string echo(Socket& socket) {
    std::string first;
    beast::error_code error;
    for (;;) {
        beast::flat_buffer buffer;
        socket.read(buffer, error);
        if (error) return first;
        if (socket.got_text() && first.empty()) first = beast::buffers_to_string(buffer.data());
        socket.text(socket.got_text());
        socket.write(buffer.data(), error);
        if (error) return first;
    }
}

static std::pair<std::string, std::string> split(const std::string& address) {
    auto colon = address.rfind(':');
    return {address.substr(0, colon), address.substr(colon + 1)};
}

int main(int, char** words) {
    boost::asio::io_context context;
    std::string role = words[1], where = words[2];
    if (role == "server") {
        auto [host, port] = split(where);
        tcp::acceptor acceptor(context, {boost::asio::ip::make_address(host), static_cast<unsigned short>(std::stoi(port))});
        for (;;) {
            tcp::socket stream(context);
            beast::error_code error;
            acceptor.accept(stream, error);
            if (error) continue;
            std::thread([stream = std::move(stream)]() mutable {
                beast::error_code error;
                stream.set_option(tcp::no_delay(true), error);
                Socket socket(std::move(stream));
                prepare(socket);
                socket.accept(error);
                if (!error) echo(socket);
            }).detach();
        }
    }
    std::string authority = where.substr(5), agent = words[3];
    auto session = [&](const std::string& target) -> std::string {
        auto [host, port] = split(authority);
        beast::error_code error;
        tcp::socket stream(context);
        stream.connect({boost::asio::ip::make_address(host), static_cast<unsigned short>(std::stoi(port))}, error);
        if (error) return "";
        stream.set_option(tcp::no_delay(true), error);
        Socket socket(std::move(stream));
        prepare(socket);
        socket.handshake(authority, target, error);
        return error ? "" : echo(socket);
    };
    int count = std::stoi(session("/getCaseCount"));
    for (int i = 1; i <= count; i++) session("/runCase?case=" + std::to_string(i) + "&agent=" + agent);
    session("/updateReports?agent=" + agent);
}
