// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <regctl/base/stream.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace regctl;
using test::error_of;
using test::failure;
using test::Keys;
using test::pattern;
using test::ProxiedFixture;

namespace {

using Statuses = std::vector<int>;

/// The rule that changes the body of an answer.
Json replacing(const std::string& query, const std::vector<std::array<std::string, 2>>& changes) {
  auto replace = Json::array();
  for (const auto& [expression, text] : changes) {
    replace.push_back(Json::array({expression, text}));
  }
  return {{"query", query}, {"times", nullptr}, {"replace", replace}};
}

} // namespace

TEST_SUITE_BEGIN("bucket/faults/reading");

TEST_CASE_FIXTURE(ProxiedFixture, "a request whose connection is cut is repeated") {
  bucket.put(key("k"), "text");
  for (const char* cut : {"request", "answer"}) {
    CAPTURE(cut);
    forget();
    fault({{"method", "GET"}, {"cut", cut}});
    fault({{"method", "HEAD"}, {"cut", cut}});
    CHECK(proxied.read(key("k"), 10) == "text");
    CHECK(proxied.find(key("k"))->size_bytes == 4);
    CHECK(statuses("GET") == Statuses{0, 200});
    CHECK(statuses("HEAD") == Statuses{0, 200});
  }
  forget();
  fault({{"cut", "after"}, {"times", nullptr}}); // a connection that is good for one request
  CHECK(proxied.read(key("k"), 10) == "text");
  CHECK(proxied.read(key("k"), 10) == "text");
}

TEST_CASE_FIXTURE(ProxiedFixture, "an object is read on from where it was cut") {
  const auto bytes = pattern(1'000'000);
  bucket.put(key("k"), bytes);
  const auto etag = bucket.find(key("k"))->etag;
  for (const auto offset : std::vector<std::size_t>{0, 1000}) {
    forget();
    fault({{"method", "GET"}, {"cut", 0.7}});
    const auto source = proxied.open(key("k"), offset, bytes.size() - offset, etag);
    CHECK(read_text(*source, bytes.size(), "") == bytes.substr(offset));
    CHECK(statuses("GET") == Statuses{0, 206});
    const auto seen = requests("GET");
    CHECK(seen.at(0).at("headers").at("If-Match") == "\"" + etag + "\"");
    CHECK(seen.at(1).at("headers").at("If-Match") == "\"" + etag + "\"");
    const auto range = seen.at(1).at("headers").at("Range").get<std::string>();
    CHECK(std::stoul(range.substr(range.find('=') + 1)) > 600'000);
  }
}

TEST_CASE_FIXTURE(ProxiedFixture, "an object that is cut and then replaced is not made of both") {
  const auto bytes = pattern(1'000'000);
  const auto etag = bucket.put(key("k"), bytes).value();
  fault({{"method", "GET"}, {"cut", 0.7}});
  const auto source = proxied.open(key("k"), 0, bytes.size(), etag);
  source->skip(1);
  bucket.put(key("k"), std::string(bytes.size(), 'x'));
  const auto error = error_of([&] { drain(*source); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK(error.message().find("was replaced while it was read") != std::string::npos);
}

TEST_CASE_FIXTURE(ProxiedFixture, "an object is not ended by an answer that ends too early") {
  const auto bytes = pattern(100'000);
  bucket.put(key("k"), bytes);
  fault({{"method", "GET"}, {"keep", 0.5}});
  CHECK(read_text(*proxied.open(key("k"), 0, bytes.size(), ""), bytes.size(), "") == bytes);
  forget();
  fault({{"method", "GET"}, {"keep", 0.5}, {"times", nullptr}});
  fault({{"method", "GET"}, {"cut", 0.5}, {"times", nullptr}});
  CHECK(failure([&] { drain(*proxied.open(key("k"), 0, bytes.size(), "")); }) ==
        ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(ProxiedFixture, "a server that cannot answer now is asked again") {
  bucket.put(key("k"), "text");
  for (const int status : {500, 503}) {
    forget();
    fault({{"status", status}, {"code", "SlowDown"}, {"times", 2}});
    CHECK(proxied.read(key("k"), 10) == "text");
    CHECK(statuses() == Statuses{status, status, 200});
  }
  forget();
  fault({{"status", 503}, {"code", "SlowDown"}, {"times", nullptr}});
  const auto error = error_of([&] { proxied.read(key("k"), 10); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(error.message().find("503 SlowDown") != std::string::npos);
  CHECK(statuses() == Statuses{503, 503, 503, 503});
}

TEST_CASE_FIXTURE(ProxiedFixture, "a server that does not answer in time is asked again") {
  bucket.put(key("k"), "text");
  http::ClientOptions impatient = client.options();
  impatient.stall_timeout = std::chrono::milliseconds(300);
  impatient.retries = 10; // the machine may be slow too
  http::Client asking(impatient);
  fault({{"method", "GET"}, {"stall", "request"}});
  CHECK(objects::Bucket(asking, test::options_at(test::site().proxy)).read(key("k"), 10) == "text");
  CHECK(requests("GET").size() >= 2);
  release();
}

TEST_CASE_FIXTURE(ProxiedFixture, "a redirect within the server is followed with a new signature") {
  bucket.put(key("k"), "text");
  bucket.put(key("other"), "other text");
  fault({{"status", 307}, {"code", "TemporaryRedirect"}, {"to_itself", true}});
  CHECK(proxied.read(key("k"), 10) == "text");
  CHECK(statuses() == Statuses{307, 200});
  forget();
  fault({{"status", 307},
         {"headers", {{"Location", http::aws_path(test::site().bucket + "/" + key("other"))}}}});
  CHECK(proxied.read(key("k"), 10) == "other text");
}

TEST_CASE_FIXTURE(ProxiedFixture, "a redirect to another server is not followed, but named") {
  const auto& endpoint = test::site().endpoint;
  fault({{"status", 307}, {"headers", {{"Location", endpoint + "/elsewhere"}}}});
  const auto error = error_of([&] { proxied.read(key("k"), 10); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.hint().find(endpoint) != std::string::npos);
}

TEST_CASE_FIXTURE(ProxiedFixture,
                  "the region that the server names is taken for all that follows") {
  bucket.put(key("k"), "text");
  for (const int status : {301, 400}) {
    forget();
    fault({{"status", status}, {"code", "PermanentRedirect"}, {"region", "eu-central-1"}});
    objects::Bucket fresh(client, test::options_at(test::site().proxy));
    CHECK(fresh.read(key("k"), 10) == "text");
    CHECK(fresh.read(key("k"), 10) == "text");
    CHECK(statuses() == Statuses{status, 200, 200});
    CHECK(notes().find("lies in region eu-central-1, not in us-east-1") != std::string::npos);
  }
  forget();
  fault({{"status", 301},
         {"headers", {{"x-amz-bucket-region", "eu-central-1"}}}}); // all that HEAD can have
  objects::Bucket fresh(client, test::options_at(test::site().proxy));
  CHECK(fresh.find(key("k")));
  CHECK(statuses() == Statuses{301, 200});
}

TEST_CASE_FIXTURE(ProxiedFixture, "a bucket that is lost meanwhile is no missing object") {
  bucket.put(key("k"), "text");
  fault({{"status", 404}, {"code", "NoSuchBucket"}});
  CHECK(failure([&] { proxied.read(key("k"), 10); }) == ErrorKind::not_found);
  CHECK(proxied.read(key("k"), 10) == "text");
}

TEST_CASE_FIXTURE(ProxiedFixture, "an ETag that is not the object's keeps it from being read") {
  bucket.put(key("k"), "text");
  const std::string lie = "00000000000000000000000000000000";
  fault({{"method", "HEAD"}, {"headers", {{"ETag", "\"" + lie + "\""}}}});
  const auto found = proxied.find(key("k")).value();
  CHECK(found.etag == lie);
  CHECK(failure([&] { drain(*proxied.open(key("k"), 0, 4, found.etag)); }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(ProxiedFixture, "a listing whose pages go round in a circle ends") {
  bucket.put(key("k"), "");
  fault(replacing("list-type", {{"<IsTruncated>false", "<IsTruncated>true"},
                                {"</IsTruncated>", "</IsTruncated><NextContinuationToken>" +
                                                       key("k") + "</NextContinuationToken>"}}));
  const auto error = error_of([&] { listed(); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message().find("pages without end") != std::string::npos);
  CHECK(requests("GET").size() == 2);
}

TEST_CASE_FIXTURE(ProxiedFixture, "a listing that is cut is asked for again") {
  bucket.put(key("a"), "");
  bucket.put(key("b"), "");
  fault({{"query", "list-type"}, {"cut", 0.8}});
  CHECK(listed() == Keys{key("a"), key("b")});
  CHECK(statuses() == Statuses{0, 200});
  fault({{"query", "list-type"}, {"cut", 0.8}, {"times", nullptr}});
  CHECK(failure([&] { listed(); }) == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(ProxiedFixture, "a part of a listing, or no listing, is not taken for one") {
  bucket.put(key("k"), "");
  for (auto rule :
       {Json{{"query", "list-type"}, {"keep", 0.8}}, Json{{"query", "list-type"}, {"keep", 0}},
        replacing("list-type", {{"ListBucketResult", "html"}})}) {
    forget();
    rule["times"] = nullptr; // it is asked for once more, in another encoding
    fault(rule);
    CHECK(failure([&] { listed(); }) == ErrorKind::protocol);
  }
}

TEST_SUITE_END();
