// gorilla/websocket: `server ADDRESS` or `client URL AGENT`.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const limit = 1 << 20

func echo(conn *websocket.Conn) (first string) {
	defer conn.Close()
	conn.SetReadLimit(limit)
	conn.EnableWriteCompression(true)
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return first
		}
		// The library leaves the check to its users.
		if kind == websocket.TextMessage && !utf8.Valid(data) {
			conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, ""))
			return first
		}
		if kind == websocket.TextMessage && first == "" {
			first = string(data)
		}
		if conn.WriteMessage(kind, data) != nil {
			return first
		}
	}
}

func session(url string) string {
	dialer := websocket.Dialer{EnableCompression: true}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		return ""
	}
	return echo(conn)
}

func main() {
	if os.Args[1] == "server" {
		upgrader := websocket.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}
		http.ListenAndServe(os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
				echo(conn)
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
