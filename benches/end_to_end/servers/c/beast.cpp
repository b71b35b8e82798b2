// An echo server on Boost.Beast, with one thread. Its first line says where it listens.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <iostream>
#include <memory>

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

    void run() {
        stream_.next_layer().set_option(tcp::no_delay(true));
        stream_.auto_fragment(false);
        stream_.read_message_max(16 << 20);
        stream_.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) self->read();
        });
    }

  private:
    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

    void write() {
        stream_.text(stream_.got_text());
        stream_.async_write(buffer_.data(), [self = shared_from_this()](beast::error_code error, std::size_t n) {
            if (error) return;
            self->buffer_.consume(n);
            self->read();
        });
    }

    beast::websocket::stream<tcp::socket> stream_;
    beast::flat_buffer buffer_;
};

static void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Session>(std::move(socket))->run();
        accept(acceptor);
    });
}

int main() {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
    std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
    accept(acceptor);
    context.run();
}
