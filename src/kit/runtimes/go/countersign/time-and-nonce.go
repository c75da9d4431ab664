func numberOf(seconds string) float64 {
	number, err := strconv.ParseFloat(seconds, 64)
	check(err == nil, "the time is not a number of seconds")
	return number
}


func secondsOf(seconds string) string {
	return strconv.FormatInt(int64(numberOf(seconds)), 10)
}


func millisecondsOf(seconds string) string {
	return strconv.FormatInt(int64(numberOf(seconds)*1000), 10)
}


func calendar(seconds, part string) string {
	at := time.UnixMilli(int64(math.Round(numberOf(seconds) * 1000))).UTC()
	layouts := map[string]string{"YYYY": "2006", "MM": "01", "MMM": "Jan", "mmm": "Jan", "DD": "02", "ddd": "Mon", "HH": "15", "mm": "04", "ss": "05"}
	switch part {
	case "SSS", "fraction":
		return fmt.Sprintf("%03d", at.Nanosecond()/1e6)
	case "mmm":
		return strings.ToLower(at.Format("Jan"))
	}
	return at.Format(layouts[part])
}


func dateOf(seconds, between string) string {
	return calendar(seconds, "YYYY") + between + calendar(seconds, "MM") + between + calendar(seconds, "DD")
}


func fitting(nonce, form string) string {
	check(regexp.MustCompile("^"+form+"$").MatchString(nonce), "the nonce cannot be written in the form of the scheme")
	return nonce
}


var hexNonce = regexp.MustCompile("^([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]([0-9a-f]{3})([0-9a-f])([0-9a-f]{3})([0-9a-f]{12})$")


func uuidOf(nonce string) string {
	p := hexNonce.FindStringSubmatch(nonce)
	if p == nil {
		return nonce
	}
	variant, _ := strconv.ParseUint(p[4], 16, 8)
	return p[1] + "-" + p[2] + "-4" + p[3] + "-" + "89ab"[variant&3:variant&3+1] + p[5] + "-" + p[6]
}


var decimal = regexp.MustCompile("^[0-9]+$")


func digitsOf(nonce string) string {
	if !hexNonce.MatchString(nonce) || decimal.MatchString(nonce) {
		return nonce
	}
	number, _ := new(big.Int).SetString(nonce, 16)
	reversed := []byte{}
	for _, digit := range []byte(number.String()) {
		reversed = append([]byte{digit}, reversed...)
	}
	return string(reversed)
}
