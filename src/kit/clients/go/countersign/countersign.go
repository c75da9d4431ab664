// Package countersign signs requests with countersign-v1: see protocol.md. Standard library only. Copy this file.
package countersign

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

var (
	modifiers   = strings.Fields("content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since range")
	notSignable = regexp.MustCompile("^(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$")
	absolute    = regexp.MustCompile(`(?is)^(https?)://([^/?#]*)([^#]*)`)
	visible     = regexp.MustCompile(`^[!-~]*$`)
	token       = regexp.MustCompile("^[a-z0-9!#$%&'*+.^_`|~-]+$")
	nonceForm   = regexp.MustCompile(`^[\w-]{16,128}$`)
	keyForm     = regexp.MustCompile(`^[\w.~-]{1,512}$`)
	printable   = regexp.MustCompile(`^[\t -~]*$`)
)

// Field is a header as it is sent.
type Field struct{ Name, Value string }

// Request is what is signed. Time and Nonce are chosen if they are empty.
type Request struct {
	Method, URL, AccessKey, Time, Nonce string
	Secret, Body                        []byte
	Headers                             []Field
	SignedHeaders                       []string
	UnsignedBody                        bool
}

// Normalise writes path and query with one spelling of each escape.
func Normalise(target string) string {
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	if strings.Index(target, "?") == len(target)-1 {
		target = target[:len(target)-1]
	}
	var out strings.Builder
	for i := 0; i < len(target); i++ {
		c := target[i]
		if c == '%' && i+2 < len(target) {
			if b, err := hex.DecodeString(target[i+1 : i+3]); err == nil {
				if isOneOf(b[0], "-._~") {
					out.WriteByte(b[0])
				} else {
					out.WriteString("%" + strings.ToUpper(target[i+1:i+3]))
				}
				i += 2
				continue
			}
		}
		if isOneOf(c, "-._~!$&'()*+,;=:@/?[]") {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

func isOneOf(c byte, marks string) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(marks, c) >= 0
}

func valueOf(headers []Field, name string) (string, bool) {
	values := []string{}
	for _, field := range headers {
		if strings.ToLower(field.Name) == name {
			values = append(values, strings.Trim(field.Value, " \t"))
		}
	}
	return strings.Trim(strings.Join(values, ", "), " \t"), len(values) > 0
}

func digestOf(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func macOf(secret []byte, text string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Sign returns the headers to add, and the string to sign.
func Sign(r Request) ([]Field, string, error) {
	parts := absolute.FindStringSubmatch(r.URL)
	if parts == nil || strings.Contains(parts[2], "@") {
		return nil, "", errors.New("the URL must be absolute, without a user name")
	}
	if !visible.MatchString(parts[2]) {
		return nil, "", errors.New("the host must be printable ASCII, without blanks")
	}
	if r.Time == "" {
		r.Time = strconv.FormatInt(time.Now().Unix(), 10)
	}
	if r.Nonce == "" {
		random := make([]byte, 16)
		if _, err := rand.Read(random); err != nil {
			return nil, "", err
		}
		r.Nonce = hex.EncodeToString(random)
	}
	if !token.MatchString(strings.ToLower(r.Method)) || !nonceForm.MatchString(r.Nonce) || !keyForm.MatchString(r.AccessKey) {
		return nil, "", errors.New("the method, the nonce or the access key is malformed")
	}
	port := ":80"
	if strings.ToLower(parts[1]) == "https" {
		port = ":443"
	}
	authority := strings.TrimSuffix(strings.ToLower(parts[2]), port)
	set := map[string]bool{}
	for _, name := range r.SignedHeaders {
		set[strings.ToLower(name)] = true
	}
	for _, name := range modifiers {
		if _, present := valueOf(r.Headers, name); present {
			set[name] = true
		}
	}
	names := []string{}
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	digest, payload := "", "unsigned"
	if !r.UnsignedBody {
		digest = digestOf(r.Body)
		payload = digest
	}
	contentType, _ := valueOf(r.Headers, "content-type")
	lines := []string{"countersign-v1-request", r.AccessKey, r.Time, r.Nonce, strings.ToUpper(r.Method), authority, Normalise(parts[3]), contentType, payload}
	for _, name := range names {
		value, present := valueOf(r.Headers, name)
		if !token.MatchString(name) || notSignable.MatchString(name) || !present || !printable.MatchString(value) {
			return nil, "", errors.New(name + " is absent, not printable ASCII, or cannot be signed")
		}
		lines = append(lines, name+":"+value)
	}
	if !printable.MatchString(contentType) {
		return nil, "", errors.New("the content type is not printable ASCII")
	}
	text := strings.Join(lines, "\n")
	added := []Field{{"X-API-Key", r.AccessKey}, {"X-API-Timestamp", r.Time}, {"X-API-Nonce", r.Nonce}}
	if digest != "" {
		added = append(added, Field{"Content-Digest", digest})
	}
	if r.UnsignedBody {
		added = append(added, Field{"X-API-Payload", "unsigned"})
	}
	if len(names) > 0 {
		added = append(added, Field{"X-API-Signed-Headers", strings.Join(names, ";")})
	}
	return append(added, Field{"X-API-Signature", macOf(r.Secret, text)}), text, nil
}

// ResponseIsSigned tells whether a response is countersigned. Signature is X-API-Signature of the request.
func ResponseIsSigned(signature string, secret []byte, response *http.Response, body []byte) bool {
	fields := []Field{}
	for name, values := range response.Header {
		for _, value := range values {
			fields = append(fields, Field{name, value})
		}
	}
	read := func(name string) string { value, _ := valueOf(fields, name); return value }
	digest, at := digestOf(body), read("x-api-timestamp")
	lines := []string{"countersign-v1-response", signature, at, strconv.Itoa(response.StatusCode), read("content-type"), digest}
	for _, name := range []string{"content-range", "location"} {
		if value, present := valueOf(fields, name); present {
			lines = append(lines, name+":"+value)
		}
	}
	expected := macOf(secret, strings.Join(lines, "\n"))
	fits := hmac.Equal([]byte(expected), []byte(read("x-api-signature")))
	return fits && regexp.MustCompile(`^\d{1,12}$`).MatchString(at) && digest == read("unencoded-digest")
}

// Transport is an http.RoundTripper that signs every attempt. Clients made by Client follow no redirect.
type Transport struct {
	AccessKey     string
	Secret        []byte
	CheckResponse bool
}

// Client returns an http.Client that signs every attempt and follows no redirect.
func Client(transport Transport) *http.Client {
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stop, Timeout: 30 * time.Second}
}

// RoundTrip signs the request that net/http sends.
func (t Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		read, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body.Close()
		body = read
	}
	host := request.Host
	if host == "" {
		host = request.URL.Host
	}
	headers := []Field{}
	for name, values := range request.Header {
		for _, value := range values {
			headers = append(headers, Field{name, value})
		}
	}
	for attempt := 1; ; attempt++ {
		url := request.URL.Scheme + "://" + host + request.URL.RequestURI()
		added, _, err := Sign(Request{Method: request.Method, URL: url, AccessKey: t.AccessKey, Secret: t.Secret, Body: body, Headers: headers})
		if err != nil {
			return nil, err
		}
		sent := request.Clone(request.Context())
		for _, field := range added {
			sent.Header.Set(field.Name, field.Value)
		}
		// net/http repeats a request whose connection breaks, with one nonce, unless it has a body that cannot be read again.
		sent.Body, sent.ContentLength, sent.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		if len(body) == 0 && (request.Method == "POST" || request.Method == "PUT" || request.Method == "PATCH") {
			sent.Body = http.NoBody
		}
		response, err := http.DefaultTransport.RoundTrip(sent)
		if err != nil {
			return nil, err
		}
		if mayRetry(request, response.StatusCode) && attempt < 3 {
			response.Body.Close()
			time.Sleep(time.Duration(100<<attempt) * time.Millisecond)
			continue
		}
		if !t.CheckResponse {
			return response, nil
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		response.Body = io.NopCloser(bytes.NewReader(content))
		if err == nil && !ResponseIsSigned(sent.Header.Get("X-API-Signature"), t.Secret, response, content) {
			err = errors.New("the response is not countersigned")
		}
		if err != nil {
			return nil, err
		}
		return response, nil
	}
}

// mayRetry tells whether to send a request once more. The server may have carried out another one, such as a POST.
func mayRetry(request *http.Request, status int) bool {
	if status != 502 && status != 503 && status != 504 {
		return false
	}
	switch request.Method {
	case "", "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return request.Header.Get("Idempotency-Key") != ""
}
