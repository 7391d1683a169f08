// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <string>
#include <thread>
#include <vector>

using namespace regctl;
using objects::Bucket;
using test::error_of;
using test::failure;
using test::Keys;
using test::ProxiedFixture;

namespace {

using Statuses = std::vector<int>;

/// An upload of four bytes that wants only to be completed.
struct UploadFixture : ProxiedFixture {
  void complete() { proxied.complete_upload(key("k"), id, parts, 4); }

  std::string id = bucket.start_upload(key("k"));
  std::vector<Bucket::Part> parts = {bucket.put_part(key("k"), id, 1, "text")};
};

} // namespace

TEST_SUITE_BEGIN("bucket/faults/writing");

TEST_CASE_FIXTURE(ProxiedFixture, "an object whose request or answer is lost is written again") {
  for (const char* cut : {"request", "answer"}) {
    CAPTURE(cut);
    forget();
    fault({{"method", "PUT"}, {"cut", cut}});
    CHECK(proxied.put(key(cut), "text") == "1cb251ec0d568de6a929b520c4aed8d1");
    CHECK(statuses() == Statuses{0, 200});
    CHECK(bucket.read(key(cut), 10) == "text");
  }
}

TEST_CASE_FIXTURE(ProxiedFixture, "a server that cannot write now is asked again") {
  fault({{"status", 503}, {"code", "SlowDown"}, {"times", 2}});
  CHECK(proxied.put(key("k"), "text"));
  CHECK(statuses() == Statuses{503, 503, 200});
  forget();
  fault({{"status", 307}, {"code", "TemporaryRedirect"}, {"to_itself", true}});
  proxied.put(key("k"), "more");
  CHECK(statuses() == Statuses{307, 200});
  CHECK(bucket.read(key("k"), 10) == "more");
  forget();
  fault({{"status", 500}, {"code", "InternalError"}, {"times", nullptr}});
  CHECK(failure([&] { proxied.put(key("k"), "text"); }) == ErrorKind::unavailable);
  CHECK(bucket.read(key("k"), 10) == "more");
}

TEST_CASE_FIXTURE(ProxiedFixture, "one whose answer is lost knows that it was the first") {
  fault({{"method", "PUT"}, {"cut", "answer"}});
  const auto etag = proxied.put(key("k"), "ours", Bucket::Condition::absent);
  CHECK(etag == bucket.find(key("k")).value().etag);
  CHECK(statuses("PUT") == Statuses{0, 412});
  forget();
  fault({{"method", "PUT"}, {"cut", "answer"}});
  CHECK_FALSE(proxied.put(key("k"), "theirs", Bucket::Condition::absent));
  forget();
  CHECK_FALSE(proxied.put(key("k"), "ours", Bucket::Condition::absent));
  CHECK(statuses() == Statuses{412}); // there is no doubt
}

TEST_CASE_FIXTURE(ProxiedFixture, "of two writers the one that was stalled may be the last") {
  fault({{"method", "PUT"}, {"stall", "request"}});
  std::thread writer([&] { proxied.put(key("k"), "stalled"); });
  wait_for_stalled();
  bucket.put(key("k"), "quick");
  CHECK(bucket.read(key("k"), 10) == "quick");
  release();
  writer.join();
  CHECK(bucket.read(key("k"), 10) == "stalled");
}

TEST_CASE_FIXTURE(ProxiedFixture, "a removal whose answer is lost has removed the object") {
  bucket.put(key("a"), "");
  bucket.put(key("b"), "");
  fault({{"method", "DELETE"}, {"cut", "answer"}});
  proxied.remove(key("a"));
  CHECK(statuses() == Statuses{0, 204});
  forget();
  fault({{"method", "POST"}, {"query", "delete"}, {"cut", "answer"}});
  proxied.remove_all({key("a"), key("b")});
  CHECK(statuses() == Statuses{0, 200});
  CHECK(keys().empty());
}

TEST_CASE_FIXTURE(ProxiedFixture, "a copy that fails behind a status of success is made again") {
  bucket.put(key("from"), "text");
  fault({{"method", "PUT"}, {"status", 200}, {"code", "InternalError"}});
  const auto from = bucket.find(key("from")).value();
  proxied.copy(proxied, from, key("to"));
  CHECK(statuses() == Statuses{200, 200});
  CHECK(bucket.read(key("to"), 10) == "text");
  forget();
  fault({{"method", "PUT"}, {"status", 200}, {"code", "AccessDenied"}});
  CHECK(failure([&] { proxied.copy(proxied, from, key("to")); }) == ErrorKind::denied);
  CHECK(statuses() == Statuses{200});
}

TEST_CASE_FIXTURE(UploadFixture, "a completion whose answer is lost has made the object") {
  fault({{"method", "POST"}, {"cut", "answer"}});
  complete();
  CHECK(statuses("POST") == Statuses{0, 200}); // Ceph knows the upload still
  CHECK(bucket.read(key("k"), 10) == "text");
  CHECK(uploads().empty());
}

TEST_CASE_FIXTURE(UploadFixture,
                  "a completion that the server has forgotten counts by its object") {
  fault({{"method", "POST"}, {"cut", "answer"}});
  fault({{"method", "POST"}, {"nth", 2}, {"status", 404}, {"code", "NoSuchUpload"}}); // as Amazon
  complete();
  CHECK(statuses() == Statuses{0, 404, 200});
  CHECK(bucket.read(key("k"), 10) == "text");
}

TEST_CASE_FIXTURE(UploadFixture, "a completion that never reached the server is repeated") {
  fault({{"method", "POST"}, {"cut", "request"}});
  complete();
  CHECK(statuses() == Statuses{0, 200});
  CHECK(bucket.read(key("k"), 10) == "text");
}

TEST_CASE_FIXTURE(UploadFixture, "a completion that fails behind a status of success is repeated") {
  fault({{"method", "POST"}, {"status", 200}, {"code", "InternalError"}});
  complete();
  CHECK(statuses() == Statuses{200, 200});
  CHECK(bucket.read(key("k"), 10) == "text");
}

TEST_CASE_FIXTURE(UploadFixture, "a completion that fails again and again makes no object") {
  fault({{"method", "POST"}, {"status", 200}, {"code", "InternalError"}, {"times", nullptr}});
  CHECK(failure([&] { complete(); }) == ErrorKind::unavailable);
  CHECK(statuses("POST") == Statuses{200, 200, 200, 200});
  CHECK_FALSE(bucket.find(key("k")));
  CHECK(uploads() == Keys{key("k") + " " + id});

  SUBCASE("unless it did so without a word") {
    forget();
    fault({{"method", "POST"},
           {"status", 200},
           {"code", "InternalError"},
           {"is_passed_on", true},
           {"times", nullptr}});
    complete();
    CHECK(bucket.read(key("k"), 10) == "text");
  }
  SUBCASE("and an object of another size is not taken for it") {
    bucket.put(key("k"), "other bytes");
    CHECK(failure([&] { complete(); }) == ErrorKind::unavailable);
  }
}

TEST_CASE_FIXTURE(UploadFixture, "a part whose ETag is not the server's makes no object") {
  fault({{"query", "partNumber"}, {"headers", {{"ETag", "\"00000000000000000000000000000000\""}}}});
  parts = {proxied.put_part(key("k"), id, 1, "text")};
  const auto error = error_of([&] { complete(); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message().find("InvalidPart") != std::string::npos);
  CHECK_FALSE(bucket.find(key("k")));
}

TEST_CASE_FIXTURE(UploadFixture, "a part whose answer is lost is sent again, and counts once") {
  fault({{"query", "partNumber"}, {"cut", "answer"}});
  parts = {proxied.put_part(key("k"), id, 1, "TEXT")};
  CHECK(statuses() == Statuses{0, 200});
  complete();
  CHECK(bucket.read(key("k"), 10) == "TEXT");
}

TEST_CASE_FIXTURE(ProxiedFixture, "an upload whose answer is lost is left open, and can be found") {
  fault({{"query", "uploads"}, {"cut", "answer"}});
  const auto id = proxied.start_upload(key("k"));
  CHECK(statuses() == Statuses{0, 200});
  const auto open = uploads();
  CHECK(open.size() == 2);
  proxied.list_uploads(prefix, [&](const Bucket::OpenUpload& upload) {
    bucket.abort_upload(upload.key, upload.id);
  });
  CHECK(uploads().empty());
}

TEST_CASE_FIXTURE(UploadFixture, "an abort whose answer is lost has ended the upload") {
  fault({{"method", "DELETE"}, {"cut", "answer"}});
  proxied.abort_upload(key("k"), id);
  CHECK(statuses() == Statuses{0, 404});
  CHECK(uploads().empty());
}

TEST_SUITE_END();
