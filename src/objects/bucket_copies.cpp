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

void Bucket::copy(Bucket& source, const ObjectInfo& from, const std::string& to,
                  const std::function<void()>& on_part, std::uint64_t part_bytes) {
  in_context([&] { return "copying " + source.describe(from.key) + " to " + describe(to); },
             [&] {
               if (from.size_bytes > part_bytes || !copy_whole(source, from, to)) {
                 copy_in_parts(source, from, to, on_part, part_bytes);
               }
             });
}

/// False, and nothing copied, for an object that the server does not compare with its ETag. Swift
/// would copy it whole under two ETags: listings then tell another one than requests for it.
bool Bucket::copy_whole(Bucket& source, const ObjectInfo& from, const std::string& to) {
  if (source.is_etag_hidden(from)) {
    return false;
  }
  std::string etag;
  try {
    etag = copy_part({.method = http::Method::put, .key = to, .headers = headers_of_new_object()},
                     source.named_for_copy(from), "CopyObjectResult");
  } catch (const Error& error) {
    source.learn_hidden_etags(from, error);
    return false;
  }
  if (unquoted(etag) == from.etag) {
    return true;
  }
  // A copy may have an ETag of its own: that of an object in parts, or of an encrypted one.
  try {
    source.check_unchanged(from);
  } catch (...) {
    remove(to);
    throw;
  }
  return true;
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
      const auto range = "bytes=" + std::to_string(begin) + "-" + std::to_string(last);
      const Wanted wanted{.method = http::Method::put,
                          .key = to,
                          .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
                          .headers = {{"x-amz-copy-source-range", range}}};
      parts.push_back({number, copy_range(source, from, wanted)});
    }
    source.check_unchanged(from);
    complete_upload(to, upload, parts, from.size_bytes);
  } catch (...) {
    give_up_upload(to, upload);
    throw;
  }
}

/// Has the server copy a part of `from`; returns the ETag of the new part.
std::string Bucket::copy_range(Bucket& source, const ObjectInfo& from, const Wanted& wanted) {
  try {
    return copy_part(wanted, source.named_for_copy(from), "CopyPartResult");
  } catch (const Error& error) {
    source.learn_hidden_etags(from, error);
  }
  return copy_part(wanted, source.named_for_copy(from), "CopyPartResult");
}

std::string Bucket::copy_part(Wanted wanted, const http::Headers& of_source,
                              std::string_view root) {
  for (const auto& header : of_source.fields()) {
    wanted.headers.add(header.name, header.value);
  }
  wanted.body = ""; // a length is wanted, and there are no bytes
  std::string etag;
  ask_xml(wanted, wanted.key, root, [&](std::string_view path, const std::string& text) {
    if (path == "ETag") {
      etag = text;
    }
  });
  return etag;
}

/// The header fields that name an object of this bucket as the source of a copy. The copy is to end
/// at once if another object lies there by now.
http::Headers Bucket::named_for_copy(const ObjectInfo& from) const {
  http::Headers headers = {{"x-amz-copy-source", http::aws_path(options_.name + "/" + from.key)}};
  if (!from.etag.empty() && !is_etag_hidden(from)) {
    headers.add("x-amz-copy-source-if-match", "\"" + from.etag + "\"");
  }
  return headers;
}

/// Whether the server compares conditions of copies with another ETag than the one that it tells:
/// Swift 2.30 does so with objects in parts.
bool Bucket::is_etag_hidden(const ObjectInfo& object) const noexcept {
  return has_hidden_etags_ && object.etag.find('-') != std::string::npos;
}

/// Learns it from the refusal of a copy. Throws any other error, and one that is right: the object
/// was replaced. What check_unchanged() says at the end of a copy decides from then on, as with
/// Ceph.
void Bucket::learn_hidden_etags(const ObjectInfo& from, const Error& refusal) {
  if (refusal.kind() != ErrorKind::integrity || from.etag.find('-') == std::string::npos ||
      is_etag_hidden(from)) {
    throw refusal;
  }
  check_unchanged(from);
  has_hidden_etags_ = true;
}

} // namespace regctl::objects
