// What a peer in C or C++ is driven with, and what it offers. `src/peer/c.rs` has the other side.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Both directions of the connection.
typedef struct Transport Transport;
// Reads at most `len` bytes; 0 at the end.
size_t transport_read(Transport *transport, void *to, size_t len);
void transport_write(Transport *transport, const void *bytes, size_t len);
typedef struct {
    const void *bytes;
    size_t len;
} Slice;
// Writes them all with one call.
void transport_write_slices(Transport *transport, const Slice *slices, size_t count);

// A whole message was delivered.
typedef struct Tally Tally;
void tally_message(Tally *tally, const void *payload, size_t len);
uint64_t tally_messages(const Tally *tally);

// A masking key that can't be foretold.
void masking_key(uint8_t key[4]);

typedef struct {
    const uint8_t *payload;
    size_t len;
    // Messages between two flushes, and how often.
    uint64_t batch, batches;
    int client;
} Sending;

// Each gives 0, or what was wrong. A peer that can't do something has no such function.
#define RECEIVE(name) int name##_receive(Transport *transport, Tally *tally, uint64_t messages, size_t max_message)
#define SEND(name) int name##_send(Transport *transport, const Sending *sending)
RECEIVE(wslay);
SEND(wslay);
RECEIVE(uwebsockets);
SEND(uwebsockets);
RECEIVE(beast);
SEND(beast);
RECEIVE(websocketpp);
SEND(websocketpp);

#ifdef __cplusplus
}
#endif

// What a peer reads that can't begin after a handshake: it is made before the stream begins, and its answer goes nowhere.
#define HANDSHAKE                                                                                                              \
    "GET / HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
