// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <regctl/objects/bucket.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace regctl::test {

inline constexpr auto k_now = 1'369'353'600;
inline constexpr auto k_now_text = "Fri, 24 May 2013 00:00:00 GMT";

/// An error document of S3 with this code; `more` are elements besides.
inline std::string refusal(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>Why" +
         "</Message>" + more + "</Error>";
}

/// A page of a listing with these elements; `next` is the token of the page behind it, if any.
inline std::string page(const std::string& contents, const std::string& next = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
         "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>" +
         contents + "<IsTruncated>" + (next.empty() ? "false" : "true") + "</IsTruncated>" +
         (next.empty() ? "" : "<NextContinuationToken>" + next + "</NextContinuationToken>") +
         "</ListBucketResult>";
}

/// The element of an object of 7 bytes, changed at k_now.
inline std::string contents(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2013-05-24T00:00:00.210Z</LastModified>"
         "<ETag>&quot;c4ca4238a0b923820dcc509a6f75849b&quot;</ETag><Size>7</Size></Contents>";
}

/// The answer to HEAD of an object with so many bytes, changed at k_now.
inline Reply head(int size) {
  return {200,
          "",
          {{"Content-Length", std::to_string(size)},
           {"ETag", "\"abc\""},
           {"Last-Modified", k_now_text}}};
}

/// The answer to a copy.
inline const std::string k_copied = "<CopyObjectResult><ETag>\"abc\"</ETag></CopyObjectResult>";

using Keys = std::vector<std::string>;

/// A bucket "b" of a server that answers as told, at a fixed time.
struct BucketFixture {
  BucketFixture() {
    options.now = [] { return std::chrono::system_clock::from_time_t(k_now); };
  }

  objects::Bucket& bucket() {
    if (!opened) {
      opened = std::make_unique<objects::Bucket>(server, options);
    }
    return *opened;
  }

  Keys keys(const std::string& prefix) {
    Keys keys;
    bucket().list(prefix, {[&](const objects::ObjectInfo& object) { keys.push_back(object.key); }});
    return keys;
  }

  void copy(const std::string& from, const std::string& to) {
    bucket().copy(bucket(), {from, 7, "abc", {}}, to);
  }

  FakeServer server{"http://s3:9000"};
  objects::BucketOptions options = bucket_options();
  std::unique_ptr<objects::Bucket> opened;
};

} // namespace regctl::test
