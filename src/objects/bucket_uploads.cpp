// SPDX-License-Identifier: Apache-2.0
#include "objects/fields.hpp"
#include "objects/refusal.hpp"
#include "objects/xml.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/objects/bucket.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace regctl::objects {

namespace {

constexpr std::size_t k_keys_a_request = 1000;   // Amazon's limit
constexpr std::size_t k_removals_at_a_time = 16; // where each takes a request
constexpr int k_success = 200;

/// For answers of which only the success matters.
void ignore(std::string_view, const std::string&) {}

std::string content_md5(std::string_view bytes) {
  return base64_encode(md5(bytes));
}

/// The ETag of an object in parts: the MD5 of their MD5s, and their number. Nothing where the ETags
/// of parts are no MD5s, as of encrypted ones (SSE-KMS). Amazon, Ceph and Swift make it so.
std::optional<std::string> etag_of_parts(const std::vector<Bucket::Part>& parts) {
  std::string sums;
  for (const auto& part : parts) {
    const auto sum = unquoted(part.etag);
    if (!is_lower_hex(sum, k_md5_digits)) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < sum.size(); i += 2) {
      sums += static_cast<char>(hex_value(sum[i]) * 16 + hex_value(sum[i + 1]));
    }
  }
  return md5_hex(sums) + "-" + std::to_string(parts.size());
}

} // namespace

void Bucket::remove_all(const std::vector<std::string>& keys) {
  const std::span all(keys);
  for (std::size_t first = 0; first < all.size(); first += k_keys_a_request) {
    const auto some = all.subspan(first, std::min(all.size() - first, k_keys_a_request));
    try {
      remove_together(some);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unsupported) {
        throw;
      }
      // Google's server, for one, has no such request.
      run_parallel(k_removals_at_a_time, some.size(), [&](std::size_t i) { remove(some[i]); });
    }
  }
}

void Bucket::remove_together(std::span<const std::string> keys) {
  std::string document = "<Delete><Quiet>true</Quiet>";
  for (const auto& key : keys) {
    document += "<Object><Key>";
    document += xml_escape(key);
    document += "</Key></Object>";
  }
  document += "</Delete>";
  Refusal refusal;
  refusal.status = k_success;
  std::string refused;
  ask_xml({.method = http::Method::post,
           .key = {},
           .query = {{"delete", ""}},
           .headers = {{"Content-MD5", content_md5(document)}},
           .body = document},
          keys.front(), "DeleteResult", [&](std::string_view path, const std::string& text) {
            if (path == "Error/Key" && refused.empty()) {
              refused = text;
            } else if (path == "Error/Code" && refusal.code.empty()) {
              refusal.code = text;
            } else if (path == "Error/Message" && refusal.message.empty()) {
              refusal.message = text;
            }
          });
  if (!refusal.code.empty()) {
    throw error_of(refusal, describe(refused));
  }
}

std::string Bucket::start_upload(const std::string& key) {
  std::string id;
  ask_xml({.method = http::Method::post,
           .key = key,
           .query = {{"uploads", ""}},
           .headers = headers_of_new_object(),
           .body = ""},
          key, "InitiateMultipartUploadResult",
          [&](std::string_view path, const std::string& text) {
            if (path == "UploadId") {
              id = text;
            }
          });
  if (id.empty()) {
    throw Error(ErrorKind::protocol, describe(key) + ": the server gave the upload no ID");
  }
  return id;
}

/// By https the signature does not cover the bytes, and a checksum of the server's own does.
http::Headers Bucket::proof_of(std::string_view bytes) const {
  return options_.endpoint.scheme == "https" ? http::Headers{{"Content-MD5", content_md5(bytes)}}
                                             : http::Headers();
}

Bucket::Part Bucket::put_part(const std::string& key, const std::string& upload, int number,
                              std::string_view bytes) {
  auto response = ask({.method = http::Method::put,
                       .key = key,
                       .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
                       .headers = proof_of(bytes),
                       .body = bytes},
                      key);
  http::discard_body(response);
  return {number, response.headers.find("ETag").value_or("")};
}

void Bucket::complete_upload(const std::string& key, const std::string& upload,
                             const std::vector<Part>& parts, std::uint64_t size_bytes) {
  std::string document = "<CompleteMultipartUpload>";
  for (const auto& part : parts) {
    document += "<Part><PartNumber>";
    document += std::to_string(part.number);
    document += "</PartNumber><ETag>";
    document += xml_escape(part.etag);
    document += "</ETag></Part>";
  }
  document += "</CompleteMultipartUpload>";
  try {
    ask_xml({.method = http::Method::post,
             .key = key,
             .query = {{"uploadId", upload}},
             .body = document},
            key, "CompleteMultipartUploadResult", ignore);
  } catch (const Error& error) {
    // Repeated after an answer that was lost, S3 knows the upload no more.
    const bool is_doubtful =
        error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::not_found;
    const auto there = is_doubtful ? find(key) : std::nullopt;
    // Another object may lie there: the layer that this one is to replace.
    if (!there || there->size_bytes != size_bytes || there->etag != etag_of_parts(parts)) {
      throw;
    }
  }
}

void Bucket::abort_upload(const std::string& key, const std::string& upload) {
  auto response = ask({.method = http::Method::remove, .key = key, .query = {{"uploadId", upload}}},
                      key, {404});
  forgive_missing(response, describe());
}

void Bucket::give_up_upload(const std::string& key, const std::string& upload) noexcept {
  give_up({.method = http::Method::remove, .key = key, .query = {{"uploadId", upload}}});
}

void Bucket::give_up_object(const std::string& key) noexcept {
  give_up({.method = http::Method::remove, .key = key});
}

void Bucket::give_up(const Wanted& removal) noexcept {
  try {
    try {
      auto response = ask(removal, removal.key, {404});
      http::discard_body(response);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) {
        throw;
      }
      constexpr std::chrono::seconds k_last_patience{3};
      const InterruptionShield shield;
      auto request = make_request(removal, region());
      request.stall_timeout = k_last_patience;
      if (auto response = transport_.attempt(request).response) {
        http::discard_body(*response);
      }
    }
  } catch (const std::exception&) { // gc ends it
  }
}

void Bucket::list_uploads(const std::string& prefix,
                          const std::function<void(const OpenUpload&)>& on_upload) {
  std::set<std::pair<std::string, std::string>> markers;
  std::string key_marker;
  std::string id_marker;
  for (;;) {
    http::AwsQuery query = {{"uploads", ""}, {"prefix", prefix}};
    if (!key_marker.empty()) {
      query.emplace_back("key-marker", key_marker);
      query.emplace_back("upload-id-marker", id_marker);
    }
    OpenUpload upload;
    std::string time;
    bool is_truncated = false;
    std::string next_key;
    std::string next_id;
    ask_xml({.key = {}, .query = std::move(query)}, prefix, "ListMultipartUploadsResult",
            [&](std::string_view path, const std::string& text) {
              if (path == "Upload/Key") {
                upload.key = text;
              } else if (path == "Upload/UploadId") {
                upload.id = text;
              } else if (path == "Upload/Initiated") {
                time = text;
              } else if (path == "Upload") {
                upload.started = read_time(std::exchange(time, {}), describe(upload.key));
                on_upload(std::exchange(upload, {}));
              } else if (path == "IsTruncated") {
                is_truncated = text == "true";
              } else if (path == "NextKeyMarker") {
                next_key = text;
              } else if (path == "NextUploadIdMarker") {
                next_id = text;
              }
            });
    if (!is_truncated) {
      return;
    }
    if (next_key.empty() || !markers.emplace(next_key, next_id).second) {
      throw Error(ErrorKind::protocol,
                  "the uploads of " + describe(prefix) + " are listed in pages without end");
    }
    key_marker = std::move(next_key);
    id_marker = std::move(next_id);
  }
}

Bucket::SentParts Bucket::find_parts(const OpenUpload& upload) {
  SentParts parts;
  std::string marker;
  for (;;) {
    http::AwsQuery query = {{"uploadId", upload.id}};
    if (!marker.empty()) {
      query.emplace_back("part-number-marker", marker);
    }
    std::string size;
    std::string next;
    bool is_truncated = false;
    try {
      ask_xml({.key = upload.key, .query = std::move(query)}, upload.key, "ListPartsResult",
              [&](std::string_view path, const std::string& text) {
                if (path == "Part/Size") {
                  size = text;
                } else if (path == "Part/LastModified") {
                  const auto time = read_time(text, describe(upload.key));
                  parts.last = std::max(parts.last.value_or(time), time);
                } else if (path == "Part") {
                  parts.size_bytes += read_size(std::exchange(size, {}), describe(upload.key));
                } else if (path == "IsTruncated") {
                  is_truncated = text == "true";
                } else if (path == "NextPartNumberMarker") {
                  next = text;
                }
              });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        throw;
      }
      return {};
    }
    if (!is_truncated) {
      return parts;
    }
    if (next.size() < marker.size() || (next.size() == marker.size() && next <= marker)) {
      throw Error(ErrorKind::protocol, "the parts of an upload of " + describe(upload.key) +
                                           " are listed in pages without end");
    }
    marker = std::move(next);
  }
}

} // namespace regctl::objects
