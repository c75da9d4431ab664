// go run . check ../../vectors/plain/*
// go run . call POST http://127.0.0.1:9400/orders application/json '{"sku":"A-1"}'
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"kit/countersign"
)

func read(folder, name string) string {
	content, _ := os.ReadFile(filepath.Join(folder, name))
	return string(content)
}

func check(folder string) string {
	headers := []countersign.Field{}
	for _, line := range strings.Split(read(folder, "headers"), "\n") {
		if at := strings.Index(line, ":"); at > 0 {
			headers = append(headers, countersign.Field{Name: line[:at], Value: line[at+1:]})
		}
	}
	added, text, url, err := countersign.Sign(countersign.Request{
		Method: read(folder, "method"), URL: read(folder, "url"), AccessKey: read(folder, "access-key"),
		Time: read(folder, "time"), Nonce: read(folder, "nonce"), Secret: []byte(read(folder, "secret")),
		Body: []byte(read(folder, "body")), Headers: headers, Challenge: read(folder, "challenge"),
		SignedHeaders: strings.Fields(read(folder, "signed-headers")),
	})
	if err != nil {
		return err.Error()
	}
	lines := ""
	for _, field := range added {
		lines += field.Name + ": " + field.Value + "\n"
	}
	// A string that is no text is compared by its signature.
	if expected := read(folder, "string-to-sign"); expected != "" && text != expected {
		return "string-to-sign"
	}
	if lines != read(folder, "added-headers") {
		return "added-headers"
	}
	if url != read(folder, "sent-url") {
		return "sent-url"
	}
	return ""
}

func call(method, url, contentType, body string) int {
	file := os.Getenv("COUNTERSIGN_CREDENTIALS")
	if file == "" {
		file = "../../credentials.json"
	}
	var credentials struct{ AccessKey, Secret string }
	if err := json.Unmarshal([]byte(read(".", file)), &credentials); err != nil && json.Unmarshal([]byte(read("", file)), &credentials) != nil {
		fmt.Println(err)
		return 1
	}
	content := []byte(body)
	if strings.HasPrefix(body, "@") {
		file, err := os.ReadFile(body[1:])
		if err != nil {
			fmt.Println(err)
			return 1
		}
		content = file
	}
	var sent io.Reader
	if len(content) > 0 {
		sent = bytes.NewReader(content)
	}
	request, err := http.NewRequest(method, url, sent)
	if err == nil {
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		client := countersign.Client(countersign.Transport{AccessKey: credentials.AccessKey, Secret: []byte(credentials.Secret)})
		var response *http.Response
		if response, err = client.Do(request); err == nil {
			var received []byte
			if received, err = io.ReadAll(response.Body); err == nil {
				fmt.Printf("%d\n%s\n", response.StatusCode, received)
				return map[bool]int{true: 0, false: 1}[response.StatusCode/100 == 2]
			}
		}
	}
	fmt.Println(err)
	return 1
}

func main() {
	given := append(os.Args[2:], "", "", "", "")
	if os.Args[1] == "call" {
		os.Exit(call(given[0], given[1], given[2], given[3]))
	}
	failed := 0
	for _, folder := range os.Args[2:] {
		if problem := check(folder); problem != "" {
			fmt.Println(folder + ": " + problem)
			failed++
		}
	}
	fmt.Printf("%d of %d cases agree\n", len(os.Args)-2-failed, len(os.Args)-2)
	if failed > 0 {
		os.Exit(1)
	}
}
