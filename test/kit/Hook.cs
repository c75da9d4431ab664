// Uses the handler with each kind of content that HttpClient has, and prints the status of each response.
using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Text;
using Countersign;

public static class Hook
{
    public static void Main(string[] given)
    {
        var handler = new SigningHandler(given[0], given[1]) { CheckResponse = true, SignedHeaders = new[] { "X-Account" } };
        var client = new HttpClient(handler);
        client.DefaultRequestHeaders.Add("X-Account", "7");
        client.DefaultRequestHeaders.Add("If-Match", new[] { "\"a\"", "\"b\"" });
        var form = new MultipartFormDataContent
        {
            { new StringContent("Köln"), "note" },
            { new ByteArrayContent(new byte[] { 0, 255 }), "file", "a.bin" },
        };
        var pairs = new Dictionary<string, string> { { "a b", "c&d='é" } };
        Action<HttpResponseMessage> print = response => Console.WriteLine((int)response.StatusCode);
        print(client.GetAsync(given[2] + "/orders?q=a b&city=Köln&n='x'&ids[]=1").Result);
        print(client.PostAsync(given[2] + "/orders", new StringContent("{\"city\":\"Köln\"}", Encoding.UTF8, "application/json")).Result);
        print(client.PostAsync(given[2] + "/orders", new FormUrlEncodedContent(pairs)).Result);
        print(client.PostAsync(given[2] + "/files", form).Result);
        print(client.PostAsync(given[2] + "/orders", null).Result);
        print(client.PutAsync(given[2] + "/kit/retry", new StringContent("twice")).Result);
        var same = client.GetAsync(given[2] + "/kit/redirect-same").Result;
        var other = client.GetAsync(given[2] + "/kit/redirect-other").Result;
        Console.WriteLine("{0} {1}", (int)same.StatusCode, (int)other.StatusCode);
    }
}
