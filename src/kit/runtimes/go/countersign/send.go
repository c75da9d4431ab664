func withoutParameters(target string, names []string) string {
	path, query, _ := strings.Cut(target, "?")
	if query == "" {
		return target
	}
	all, kept := strings.Split(query, "&"), []string{}
	for _, parameter := range all {
		name, _, _ := strings.Cut(parameter, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		isOwn := false
		for _, own := range names {
			isOwn = isOwn || own == name
		}
		if !isOwn {
			kept = append(kept, parameter)
		}
	}
	if len(kept) == len(all) {
		return target
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}


func withParameters(target string, added []Field) string {
	path, query, _ := strings.Cut(target, "?")
	all := []string{}
	if query != "" {
		all = append(all, query)
	}
	for _, field := range added {
		if field.Value != "" {
			all = append(all, field.Name+"="+field.Value)
		}
	}
	if len(all) == 0 {
		return path
	}
	return path + "?" + strings.Join(all, "&")
}


// Sign returns the headers to add, the string to sign, and the URL to send.
func Sign(given Request) (headers []Field, text string, sentURL string, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			found, isOurs := panicked.(refusal)
			if !isOurs {
				panic(panicked)
			}
			err = errors.New(found.problem)
		}
	}()
	r := prepare(given)
	r.target = withoutParameters(r.target, ownParameters) // with parameters
	r.target = withParameters(r.target, signedParameters(r)) // with parameters
	text = stringToSign(r)
	r.signature = signatureOf(r, string(given.Secret), text)
	for _, field := range addedHeaders(r) {
		if field.Value != "" {
			headers = append(headers, field)
		}
	}
	sentURL = given.URL
	sentURL = r.origin + withParameters(r.target, signatureParameters(r)) // with parameters
	return headers, text, sentURL, nil
}


// Transport is an http.RoundTripper that signs every attempt. Clients made by Client follow no redirect.
type Transport struct {
	AccessKey string
	Secret    []byte
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
		added, _, signedURL, err := Sign(Request{Method: request.Method, URL: url, AccessKey: t.AccessKey, Secret: t.Secret, Body: body, Headers: headers})
		if err != nil {
			return nil, err
		}
		sent := request.Clone(request.Context())
		for _, field := range added {
			sent.Header.Set(field.Name, field.Value)
		}
		_, sent.URL.RawQuery, _ = strings.Cut(signedURL, "?")
		// net/http repeats a request whose connection breaks, with one nonce, unless it has a body that cannot be read again.
		sent.Body, sent.ContentLength, sent.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		if len(body) == 0 && (request.Method == "POST" || request.Method == "PUT" || request.Method == "PATCH") {
			sent.Body = http.NoBody
		}
		response, err := http.DefaultTransport.RoundTrip(sent)
		if err != nil || !mayRetry(request.Method, response.StatusCode) || attempt >= 3 {
			return response, err
		}
		response.Body.Close()
		time.Sleep(time.Duration(100<<attempt) * time.Millisecond)
	}
}


// Client returns an http.Client that signs every attempt and follows no redirect.
func Client(transport Transport) *http.Client {
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stop, Timeout: 30 * time.Second}
}


// mayRetry tells whether to send a request once more. The server may have carried out another one, such as a POST.
func mayRetry(method string, status int) bool {
	switch method {
	case "", "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return status == 502 || status == 503 || status == 504
	}
	return false
}
