// Sends two requests of each method by one client, and prints what becomes of them.
package main

import (
	"fmt"
	"io"
	"kit/countersign"
	"net/http"
	"os"
	"strings"
)

func main() {
	client := countersign.Client(countersign.Transport{AccessKey: "partner", Secret: []byte("ssssssssssssssssssssssssssssssss")})
	for _, method := range []string{"GET", "GET", "POST", "POST"} {
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader("{}")
		}
		request, _ := http.NewRequest(method, os.Args[1], body)
		response, err := client.Do(request)
		if err != nil {
			fmt.Println("error")
			continue
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
}
