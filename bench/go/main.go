// The package github.com/warthog618/sms, on the samples that the other codecs get: it reads lines of
// tab-separated columns (name, text, received segments as octets in hexadecimal, one column each) and
// prints columns of its own: task, sample, nanoseconds, allocations.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/warthog618/sms"
	"github.com/warthog618/sms/encoding/tpdu"
)

const number = "+14155550123"

func encode(text []byte) {
	segments, err := sms.Encode(text, sms.To(number))
	check(err)
	for i := range segments {
		_, err := segments[i].MarshalBinary()
		check(err)
	}
}

func decode(octets [][]byte) string {
	segments := make([]*tpdu.TPDU, len(octets))
	for i, one := range octets {
		segment, err := sms.Unmarshal(one)
		check(err)
		segments[i] = segment
	}
	text, err := sms.Decode(segments)
	check(err)
	return string(text)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func report(task, sample string, work func()) {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			work()
		}
	})
	fmt.Printf("%s\t%s\t%d\t%d\n", task, sample, result.NsPerOp(), result.AllocsPerOp())
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		name, text := columns[0], columns[1]
		var octets [][]byte
		for _, column := range columns[2:] {
			one, err := hex.DecodeString(column)
			check(err)
			octets = append(octets, one)
		}
		if decode(octets) != text {
			panic("another text")
		}
		report("encode", name, func() { encode([]byte(text)) })
		report("decode", name, func() { decode(octets) })
	}
}
