// SPDX-License-Identifier: Apache-2.0
#include "objects/fields.hpp"
#include "objects/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/objects/bucket.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace regctl::objects {

namespace {

constexpr std::uint64_t k_most_parts = 10'000; // Amazon's limit

bool is_same_key(const http::AwsKey& a, const http::AwsKey& b) {
  return a.id == b.id && a.secret == b.secret && a.session_token == b.session_token;
}

} // namespace

bool Bucket::is_beside(const Bucket& other) const {
  const auto& a = options_.endpoint;
  const auto& b = other.options_.endpoint;
  return &transport_ == &other.transport_ && a.scheme == b.scheme && a.host == b.host &&
         a.port == b.port && region() == other.region() &&
         is_same_key(options_.key(), other.options_.key());
}

/// What names an object of this bucket as the source of a copy.
http::Headers Bucket::headers_of_copy(const ObjectInfo& from) const {
  http::Headers headers = {{"x-amz-copy-source", http::aws_path(options_.name + "/" + from.key)}};
  if (!from.etag.empty()) {
    headers.add("x-amz-copy-source-if-match", "\"" + from.etag + "\"");
  }
  return headers;
}

void Bucket::copy(Bucket& source, const ObjectInfo& from, const std::string& to,
                  const std::function<void()>& on_part, std::uint64_t part_bytes) {
  in_context([&] { return "copying " + source.describe(from.key) + " to " + describe(to); },
             [&] {
               if (from.size_bytes <= part_bytes) {
                 copy_whole(source, from, to);
               } else {
                 copy_in_parts(source, from, to, on_part, part_bytes);
               }
             });
}

void Bucket::copy_whole(Bucket& source, const ObjectInfo& from, const std::string& to) {
  auto headers = source.headers_of_copy(from);
  for (const auto own = headers_of_new_object(); const auto& header : own.fields()) {
    headers.add(header.name, header.value);
  }
  const auto etag = copy_part(
      {.method = http::Method::put, .key = to, .headers = std::move(headers)}, "CopyObjectResult");
  if (unquoted(etag) == from.etag) {
    return;
  }
  // A copy may have an ETag of its own: that of an object in parts, or of an encrypted one.
  try {
    source.check_unchanged(from);
  } catch (...) {
    remove(to);
    throw;
  }
}

/// Ceph 16 compares no ETags when it copies.
void Bucket::check_unchanged(const ObjectInfo& object) {
  const auto there = object.etag.empty() ? std::optional(object) : find(object.key);
  if (!there || there->etag != object.etag) {
    throw Error(ErrorKind::integrity, describe(object.key) + " was replaced while it was copied",
                "try again");
  }
}

void Bucket::copy_in_parts(Bucket& source, const ObjectInfo& from, const std::string& to,
                           const std::function<void()>& on_part, std::uint64_t part_bytes) {
  part_bytes = std::max(part_bytes, (from.size_bytes + k_most_parts - 1) / k_most_parts);
  const auto upload = start_upload(to);
  try {
    std::vector<Part> parts;
    for (std::uint64_t begin = 0; begin < from.size_bytes; begin += part_bytes) {
      if (on_part) {
        on_part();
      }
      const auto number = static_cast<int>(parts.size() + 1);
      const auto last = std::min(from.size_bytes, begin + part_bytes) - 1;
      auto headers = source.headers_of_copy(from);
      headers.add("x-amz-copy-source-range",
                  "bytes=" + std::to_string(begin) + "-" + std::to_string(last));
      parts.push_back({number, copy_part({.method = http::Method::put,
                                          .key = to,
                                          .query = {{"partNumber", std::to_string(number)},
                                                    {"uploadId", upload}},
                                          .headers = std::move(headers)},
                                         "CopyPartResult")});
    }
    source.check_unchanged(from);
    complete_upload(to, upload, parts, from.size_bytes);
  } catch (...) {
    give_up_upload(to, upload);
    throw;
  }
}

/// Has an object or a part of one copied; returns its ETag.
std::string Bucket::copy_part(const Wanted& wanted, std::string_view root) {
  std::string etag;
  auto sent = wanted;
  sent.body = ""; // a length is wanted, and there are no bytes
  ask_xml(sent, sent.key, root, [&](std::string_view path, const std::string& text) {
    if (path == "ETag") {
      etag = text;
    }
  });
  return etag;
}

} // namespace regctl::objects
