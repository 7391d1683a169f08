// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>
#include <regctl/http/aws_signer.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::http;
using namespace std::chrono_literals;

namespace {

// The key, bucket and time of the examples in Amazon's documentation.
const AwsSigner k_signer({"AKIAIOSFODNN7EXAMPLE",
                          Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret()},
                         "us-east-1");
const auto k_now = std::chrono::system_clock::from_time_t(1'369'353'600); // 2013-05-24 00:00:00

Url url_of(const std::string& target) {
  return Url::parse("https://examplebucket.s3.amazonaws.com" + target);
}

/// The authorization of a signed request.
std::string signed_by(const AwsSigner& signer, Request request, std::string_view payload = {}) {
  signer.sign(request, sha256_hex(payload), k_now);
  return request.authorization.reveal();
}

std::string expected(const std::string& fields, const std::string& signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
         "SignedHeaders=" +
         fields + ",Signature=" + signature;
}

} // namespace

TEST_SUITE_BEGIN("http/aws_signer");

TEST_CASE("requests are signed as in Amazon's examples") {
  CHECK(signed_by(k_signer, {.url = url_of("/test.txt"), .headers = {{"Range", "bytes=0-9"}}}) ==
        expected("host;range;x-amz-content-sha256;x-amz-date",
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
  CHECK(signed_by(k_signer,
                  {.method = Method::put,
                   .url = url_of(aws_path("test$file.text")),
                   .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
                  "Welcome to Amazon S3.") ==
        expected("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  CHECK(signed_by(k_signer, {.url = url_of("/" + aws_query({{"lifecycle", ""}}))}) ==
        expected("host;x-amz-content-sha256;x-amz-date",
                 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  CHECK(
      signed_by(k_signer, {.url = url_of("/" + aws_query({{"prefix", "J"}, {"max-keys", "2"}}))}) ==
      expected("host;x-amz-content-sha256;x-amz-date",
               "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST_CASE("a URL is presigned as in Amazon's example") {
  const auto url = k_signer.presign(Method::get, url_of("/test.txt"), 86'400s, k_now);
  CHECK(url.target == "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
                      "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                      "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_CASE("what a presigned URL asks for is kept, and signed") {
  const auto query = aws_query({{"response-content-type", "a/b"}, {"versionId", "1"}});
  const auto url = k_signer.presign(Method::get, url_of("/k" + query), 60s, k_now);
  const auto begin = std::string("/k?X-Amz-Algorithm=");
  CHECK(url.target.substr(0, begin.size()) == begin);
  CHECK(url.target.find("&X-Amz-SignedHeaders=host&response-content-type=a%2Fb&versionId=1"
                        "&X-Amz-Signature=") != std::string::npos);
  const auto other = k_signer.presign(Method::get, url_of("/k"), 60s, k_now);
  CHECK(url.target.substr(url.target.size() - 64) != other.target.substr(other.target.size() - 64));
}

TEST_CASE("a temporary key's token is sent and signed, and never printed") {
  const AwsSigner signer({"ASIA", Secret("secret"), Secret("token/+=")}, "eu-west-1");
  Request request{.url = url_of("/k")};
  signer.sign(request, k_unsigned_payload, k_now);
  CHECK(request.headers.find("x-amz-security-token") == "token/+=");
  CHECK(request.headers.find("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  CHECK(request.authorization.reveal().find("x-amz-security-token") != std::string::npos);
  const auto url = signer.presign(Method::get, url_of("/k"), 60s, k_now);
  CHECK(url.target.find("&X-Amz-Security-Token=token%2F%2B%3D&") != std::string::npos);
  CHECK(url.redacted().find("token%2F") == std::string::npos);
}

TEST_CASE("keys are encoded once, as they go on the wire") {
  struct Row {
    const char* key;
    const char* path;
  };
  const Row rows[] = {
      {"", "/"},
      {"registry/images/ab/json", "/registry/images/ab/json"},
      {"r/team/deep%252Fname/tag_1.0", "/r/team/deep%25252Fname/tag_1.0"},
      {"a b+c~\xc3\xa9*=&", "/a%20b%2Bc~%C3%A9%2A%3D%26"},
      {"a//b/", "/a//b/"},
  };
  for (const auto& row : rows) {
    CHECK(aws_path(row.key) == row.path);
  }
  CHECK(aws_query({}) == "");
  CHECK(aws_query({{"prefix", "a/ b"}, {"delimiter", "/"}, {"list-type", "2"}}) ==
        "?delimiter=%2F&list-type=2&prefix=a%2F%20b");
}

TEST_CASE("the host is signed as it is sent") {
  const auto authorization = [](const char* url) {
    return signed_by(k_signer, {.url = Url::parse(url)});
  };
  CHECK(authorization("https://s3.local:443/k") == authorization("https://s3.local/k"));
  CHECK(authorization("https://s3.local:9000/k") != authorization("https://s3.local/k"));
}

TEST_SUITE_END();
