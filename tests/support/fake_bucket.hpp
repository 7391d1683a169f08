// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/fake_server.hpp"

#include <regctl/base/hash.hpp>

#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace regctl::test {

/// A bucket "b" in memory, behind a FakeServer: what a server of S3 does, as far as storage trees
/// need it. That real servers do the same is shown elsewhere. Thread-safe.
class FakeBucket {
public:
  /// Whether If-None-Match: * is kept, ignored, or refused by 501.
  enum class Conditions { kept, ignored, refused };

  explicit FakeBucket(FakeServer& server) {
    server.guard = [this](const SeenRequest& request) { return answer(request); };
  }

  Conditions conditions = Conditions::kept;

  /// Whether a key may list and end uploads in parts.
  bool forbids_uploads = false;

  /// The objects by their keys.
  [[nodiscard]] std::map<std::string, std::string> objects() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::string> bytes;
    for (const auto& [key, object] : objects_) {
      bytes[key] = object.bytes;
    }
    return bytes;
  }

  void put(const std::string& key, const std::string& bytes, std::time_t changed) {
    const std::lock_guard lock(mutex_);
    objects_[key] = {bytes, changed};
  }

  void remove(const std::string& key) {
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
  }

private:
  struct Object {
    std::string bytes;
    std::time_t changed = 0;
  };
  struct Upload {
    std::string key;
    std::map<int, std::string> parts;
  };
  using Query = std::map<std::string, std::string>;

  static std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%') {
        plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
      } else {
        plain += text[i];
      }
    }
    return plain;
  }

  static Query parse_query(std::string_view text) {
    Query query;
    while (!text.empty()) {
      const auto part = text.substr(0, text.find('&'));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      const auto equals = part.find('=');
      query[std::string(part.substr(0, equals))] = decoded(part.substr(equals + 1));
    }
    return query;
  }

  static std::string time_text(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    return text;
  }

  static std::string date_text(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
  }

  static std::string quoted_etag(const std::string& bytes) { return '"' + md5_hex(bytes) + '"'; }

  static Reply refuse(int status, const std::string& code) {
    return {status, "<Error><Code>" + code + "</Code></Error>"};
  }

  std::optional<Reply> answer(const SeenRequest& request) {
    const auto space = request.line.find(' ');
    const auto method = request.line.substr(0, space);
    const auto target = request.line.substr(space + 1);
    const auto mark = target.find('?');
    const auto path = decoded(std::string_view(target).substr(0, mark));
    constexpr std::string_view k_bucket = "/b/";
    if (!path.starts_with(k_bucket)) {
      return refuse(404, "NoSuchBucket");
    }
    const auto query = mark == std::string::npos
                           ? Query()
                           : parse_query(std::string_view(target).substr(mark + 1));
    const std::lock_guard lock(mutex_);
    auto reply = answer(method, path.substr(k_bucket.size()), query, request);
    reply.headers.add("Date", date_text(std::time(nullptr)));
    return reply;
  }

  Reply answer(const std::string& method, const std::string& key, const Query& query,
               const SeenRequest& request) {
    if (query.contains("list-type")) {
      return list(query);
    }
    const bool is_list_of_uploads = query.contains("uploads") && method == "GET";
    const bool is_end_of_upload = query.contains("uploadId") && method == "DELETE";
    if (forbids_uploads && (is_list_of_uploads || is_end_of_upload)) {
      return refuse(403, "AccessDenied");
    }
    if (query.contains("uploads")) {
      return method == "GET" ? list_uploads(query.at("prefix")) : start_upload(key);
    }
    if (query.contains("uploadId")) {
      return answer_upload(method, key, query, request.body);
    }
    if (query.contains("delete")) {
      return remove_all(request.body);
    }
    if (const auto source = request.headers.find("x-amz-copy-source"); source && method == "PUT") {
      return copy(decoded(*source), key);
    }
    if (method == "PUT") {
      return put(key, request);
    }
    if (method == "DELETE") {
      objects_.erase(key);
      return {204, ""};
    }
    return get(key, request, method == "HEAD");
  }

  Reply remove_all(const std::string& document) {
    constexpr std::string_view k_begin = "<Key>";
    for (auto at = document.find(k_begin); at != std::string::npos;
         at = document.find(k_begin, at)) {
      at += k_begin.size();
      objects_.erase(document.substr(at, document.find('<', at) - at));
    }
    return {200, "<DeleteResult></DeleteResult>"};
  }

  Reply copy(const std::string& source, const std::string& key) {
    const auto from = source.substr(source.find("b/") + 2);
    if (!objects_.contains(from)) {
      return refuse(404, "NoSuchKey");
    }
    const auto bytes = objects_[from].bytes;
    objects_[key] = {bytes, std::time(nullptr)};
    return {200, "<CopyObjectResult></CopyObjectResult>"};
  }

  Reply put(const std::string& key, const SeenRequest& request) {
    if (request.headers.find("If-None-Match") && conditions != Conditions::ignored) {
      if (conditions == Conditions::refused) {
        return refuse(501, "NotImplemented");
      }
      if (objects_.contains(key)) {
        return refuse(412, "PreconditionFailed");
      }
    }
    if (const auto etag = request.headers.find("If-Match");
        etag && conditions != Conditions::ignored) {
      if (conditions == Conditions::refused) {
        return refuse(501, "NotImplemented");
      }
      // As Ceph 16.2 does, which wants no quotes.
      if (!objects_.contains(key) || quoted_etag(objects_[key].bytes) != "\"" + *etag + "\"") {
        return refuse(412, "PreconditionFailed");
      }
    }
    objects_[key] = {request.body, std::time(nullptr)};
    return {200, "", {{"ETag", quoted_etag(request.body)}}};
  }

  Reply get(const std::string& key, const SeenRequest& request, bool is_head) {
    const auto found = objects_.find(key);
    if (found == objects_.end()) {
      return is_head ? Reply{404, ""} : refuse(404, "NoSuchKey");
    }
    const auto& bytes = found->second.bytes;
    Reply reply{200, bytes, {{"ETag", quoted_etag(bytes)}}};
    reply.headers.add("Last-Modified", date_text(found->second.changed));
    if (const auto range = request.headers.find("Range")) {
      const auto dash = range->find('-');
      const auto first = std::stoull(range->substr(6, dash - 6));
      const auto last = std::stoull(range->substr(dash + 1));
      reply.status = 206;
      reply.body = bytes.substr(first, last - first + 1);
      reply.headers.add("Content-Range",
                        "bytes " + range->substr(6) + "/" + std::to_string(bytes.size()));
    }
    reply.headers.add("Content-Length", std::to_string(reply.body.size()));
    if (is_head) {
      reply.body.clear();
    }
    return reply;
  }

  Reply list(const Query& query) {
    const auto& prefix = query.at("prefix");
    const auto limit = query.contains("max-keys") ? std::stoul(query.at("max-keys")) : 1000UL;
    const auto begin = query.contains("continuation-token") ? query.at("continuation-token")
                       : query.contains("start-after")      ? query.at("start-after") + '\1'
                                                            : "";
    std::string text = "<ListBucketResult>";
    std::string last_prefix;
    std::size_t count = 0;
    for (auto at = objects_.lower_bound(std::max(prefix, begin));
         at != objects_.end() && at->first.starts_with(prefix); ++at) {
      const auto slash =
          query.contains("delimiter") ? at->first.find('/', prefix.size()) : std::string::npos;
      const auto common = slash == std::string::npos ? "" : at->first.substr(0, slash + 1);
      if (!common.empty() && common == last_prefix) {
        continue;
      }
      if (++count > limit) {
        return {200, text + "<IsTruncated>true</IsTruncated><NextContinuationToken>" + at->first +
                         "</NextContinuationToken></ListBucketResult>"};
      }
      last_prefix = common;
      text += common.empty() ? "<Contents><Key>" + at->first + "</Key><LastModified>" +
                                   time_text(at->second.changed) + "</LastModified><ETag>" +
                                   quoted_etag(at->second.bytes) + "</ETag><Size>" +
                                   std::to_string(at->second.bytes.size()) + "</Size></Contents>"
                             : "<CommonPrefixes><Prefix>" + common + "</Prefix></CommonPrefixes>";
    }
    return {200, text + "<IsTruncated>false</IsTruncated></ListBucketResult>"};
  }

  Reply start_upload(const std::string& key) {
    const auto id = "upload-" + std::to_string(next_upload_++);
    uploads_[id] = {key, {}};
    return {200, "<InitiateMultipartUploadResult><UploadId>" + id +
                     "</UploadId></InitiateMultipartUploadResult>"};
  }

  Reply list_uploads(const std::string& prefix) {
    std::string text = "<ListMultipartUploadsResult>";
    for (const auto& [id, upload] : uploads_) {
      if (upload.key.starts_with(prefix)) {
        text += "<Upload><Key>" + upload.key + "</Key><UploadId>" + id +
                "</UploadId><Initiated>2013-05-24T00:00:00.000Z</Initiated></Upload>";
      }
    }
    return {200, text + "</ListMultipartUploadsResult>"};
  }

  Reply answer_upload(const std::string& method, const std::string& key, const Query& query,
                      const std::string& body) {
    const auto upload = uploads_.find(query.at("uploadId"));
    if (upload == uploads_.end()) {
      return refuse(404, "NoSuchUpload");
    }
    if (method == "PUT") {
      upload->second.parts[std::stoi(query.at("partNumber"))] = body;
      return {200, "", {{"ETag", quoted_etag(body)}}};
    }
    if (method == "GET") {
      std::string text = "<ListPartsResult>";
      for (const auto& [number, part] : upload->second.parts) {
        text += "<Part><LastModified>" + time_text(std::time(nullptr)) + "</LastModified><Size>" +
                std::to_string(part.size()) + "</Size></Part>";
      }
      return {200, text + "<IsTruncated>false</IsTruncated></ListPartsResult>"};
    }
    if (method == "POST") {
      std::string bytes;
      for (const auto& [number, part] : upload->second.parts) {
        bytes += part;
      }
      objects_[key] = {bytes, std::time(nullptr)};
    }
    uploads_.erase(upload);
    return {method == "POST" ? 200 : 204, "<CompleteMultipartUploadResult><ETag>x</ETag>"
                                          "</CompleteMultipartUploadResult>"};
  }

  mutable std::mutex mutex_; ///< guards what follows
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  int next_upload_ = 0;
};

} // namespace regctl::test
