// Field is a header as it is sent.
type Field struct{ Name, Value string }


// Request is what is signed. Time, in seconds since 1970, and Nonce are chosen if they are empty.
type Request struct {
	Method, URL, AccessKey, Time, Nonce string
	Secret, Body                        []byte
	Headers                             []Field
	SignedHeaders                       []string
	SessionToken, Challenge             string
}


type prepared struct {
	method, scheme, origin, authority, target, accessKey, time, timestamp, nonce, signature string

	headers                       []Field
	names                         []string
	body, sessionToken, challenge *string
}


var absolute = regexp.MustCompile(`(?is)^(https?)://([^/?#]*)([^#]*)`)


var visible = regexp.MustCompile(`^[!-~]*$`)


var token = regexp.MustCompile("^[\\w!#$%&'*+.^`|~-]{1,64}$")


var challengeForm = regexp.MustCompile(`^[\w.~+/=-]{0,512}$`)


type refusal struct{ problem string }


func check(condition bool, problem string) {
	if !condition {
		panic(refusal{problem})
	}
}


func present(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}


func prepare(given Request) *prepared {
	parts := absolute.FindStringSubmatch(given.URL)
	check(parts != nil && !strings.Contains(parts[2], "@"), "the URL must be absolute, without a user name")
	// Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
	check(visible.MatchString(parts[2]+parts[3]), "the host and the target must be printable ASCII, without blanks")
	check(token.MatchString(given.Method), "the method is not a token")
	check(challengeForm.MatchString(given.Challenge), "the challenge has characters that no server issues, or more than 512")
	at := given.Time
	if at == "" {
		at = strconv.FormatFloat(float64(time.Now().UnixMilli())/1000, 'f', 3, 64)
	}
	nonce := given.Nonce
	if nonce == "" {
		random := make([]byte, 16)
		_, err := rand.Read(random)
		check(err == nil, "there are no random bytes")
		nonce = hex.EncodeToString(random)
	}
	scheme, port, target := strings.ToLower(parts[1]), ":80", parts[3]
	if scheme == "https" {
		port = ":443"
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	names := []string{}
	for _, name := range given.SignedHeaders {
		names = append(names, strings.ToLower(name))
	}
	sort.Strings(names)
	once := []string{}
	for i, name := range names {
		if i == 0 || name != names[i-1] {
			once = append(once, name)
		}
	}
	r := &prepared{
		method: strings.ToUpper(given.Method), scheme: scheme, origin: parts[1] + "://" + parts[2],
		authority: strings.TrimSuffix(strings.ToLower(parts[2]), port), target: target, accessKey: given.AccessKey,
		time: at, headers: given.Headers, names: once, body: present(string(given.Body)),
		sessionToken: present(given.SessionToken), challenge: present(given.Challenge),
	}
	if r.challenge == nil { // with challenge
		r.challenge = present("none") // with challenge
	} // with challenge
	r.timestamp, r.nonce = timestampOf(at), nonceOf(nonce)
	return r
}


var portAtEnd = regexp.MustCompile(`:(\d*)$`)


func hostOf(r *prepared) string {
	return portAtEnd.ReplaceAllString(r.authority, "")
}


func portOf(r *prepared) string {
	if found := portAtEnd.FindStringSubmatch(r.authority); found != nil && found[1] != "" {
		return found[1]
	}
	if r.scheme == "https" {
		return "443"
	}
	return "80"
}


func pathOf(r *prepared) string {
	path, _, _ := strings.Cut(r.target, "?")
	return path
}


func queryOf(r *prepared) *string {
	_, query, _ := strings.Cut(r.target, "?")
	return present(query)
}


func urlOf(r *prepared) string {
	return r.scheme + "://" + r.authority + r.target
}


var printable = regexp.MustCompile(`^[\t -~]*$`)


func headerValue(r *prepared, name string) *string {
	values := []string{}
	for _, field := range r.headers {
		if strings.ToLower(field.Name) == name {
			values = append(values, strings.Trim(field.Value, " \t"))
		}
	}
	if len(values) == 0 {
		return nil
	}
	value := strings.Trim(strings.Join(values, ", "), " \t")
	check(printable.MatchString(value), name+" is not printable ASCII")
	return &value
}


func nothing() *string {
	return nil
}


func needed(value *string, name string) string {
	check(value != nil, "the request lacks "+name)
	return *value
}


func defaultTo(value *string, fallback string) string {
	if value == nil {
		return fallback
	}
	return *value
}


func onlyFor(r *prepared, methods []string, value *string) *string {
	for _, method := range methods {
		if method == r.method {
			return value
		}
	}
	return nil
}


func when(condition bool, write func() string) string {
	if condition {
		return write()
	}
	return ""
}


func chosenNames(r *prepared, separator string) *string {
	return present(strings.Join(r.names, separator))
}


func chosenLines(r *prepared) *string {
	lines := ""
	for _, name := range r.names {
		lines += lineOf(name, needed(headerValue(r, name), name))
	}
	return present(lines)
}
