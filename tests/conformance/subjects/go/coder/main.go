// nhooyr.io/websocket, which is coder/websocket now: `server ADDRESS` or `client URL AGENT`.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
	"unicode/utf8"

	"nhooyr.io/websocket"
)

const limit = 1 << 20

func echo(ctx context.Context, conn *websocket.Conn) (first string) {
	defer conn.Close(websocket.StatusNormalClosure, "")
	conn.SetReadLimit(limit)
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return first
		}
		// The library leaves the check to its users.
		if kind == websocket.MessageText && !utf8.Valid(data) {
			conn.Close(websocket.StatusInvalidFramePayloadData, "")
			return first
		}
		if kind == websocket.MessageText && first == "" {
			first = string(data)
		}
		if conn.Write(ctx, kind, data) != nil {
			return first
		}
	}
}

func session(url string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
	if err != nil {
		return ""
	}
	return echo(ctx, conn)
}

func main() {
	if os.Args[1] == "server" {
		http.ListenAndServe(os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true,
				CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
			if err == nil {
				echo(r.Context(), conn)
			}
		}))
		return
	}
	url, agent := os.Args[2], os.Args[3]
	count, _ := strconv.Atoi(session(url + "/getCaseCount"))
	for i := 1; i <= count; i++ {
		session(fmt.Sprintf("%s/runCase?case=%d&agent=%s", url, i, agent))
	}
	session(url + "/updateReports?agent=" + agent)
}
