// An echo server on libwebsockets, with one thread. Its first line says where it listens.
#include <cstring>
#include <deque>
#include <iostream>
#include <libwebsockets.h>
#include <vector>

struct Message {
    std::vector<unsigned char> bytes = std::vector<unsigned char>(LWS_PRE); // and the payload after it
    bool binary = false;
};

struct Session {
    Message incoming;
    std::deque<Message> waiting;
};

static int callback(lws *wsi, lws_callback_reasons reason, void *user, void *in, size_t len) {
    Session *session = user ? *static_cast<Session **>(user) : nullptr;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        *static_cast<Session **>(user) = new Session;
        break;
    case LWS_CALLBACK_CLOSED:
        delete session;
        *static_cast<Session **>(user) = nullptr;
        break;
    case LWS_CALLBACK_RECEIVE: {
        auto *bytes = static_cast<unsigned char *>(in);
        session->incoming.bytes.insert(session->incoming.bytes.end(), bytes, bytes + len);
        session->incoming.binary = lws_frame_is_binary(wsi);
        if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
            session->waiting.push_back(std::move(session->incoming));
            session->incoming = Message();
            lws_callback_on_writable(wsi);
        }
        break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (session && !session->waiting.empty()) {
            Message &message = session->waiting.front();
            auto kind = message.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
            size_t n = message.bytes.size() - LWS_PRE;
            if (lws_write(wsi, message.bytes.data() + LWS_PRE, n, kind) < static_cast<int>(n)) return -1;
            session->waiting.pop_front();
            if (!session->waiting.empty()) lws_callback_on_writable(wsi);
        }
        break;
    default:
        break;
    }
    return 0;
}

int main() {
    lws_set_log_level(0, nullptr);
    lws_protocols protocols[] = {{"echo", callback, sizeof(Session *), 64 * 1024, 0, nullptr, 0}, {}};
    lws_context_creation_info info;
    std::memset(&info, 0, sizeof info);
    info.port = 0;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.pt_serv_buf_size = 64 * 1024;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    lws_context *context = lws_create_context(&info);
    lws_vhost *vhost = context ? lws_create_vhost(context, &info) : nullptr;
    if (!vhost) return 1;
    std::cout << "listening on 127.0.0.1:" << lws_get_vhost_listen_port(vhost) << std::endl;
    while (lws_service(context, 0) >= 0) {
    }
}
