// SPDX-License-Identifier: Apache-2.0
#include "objects/fields.hpp"
#include "objects/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/http/date.hpp>
#include <regctl/http/resume.hpp>
#include <regctl/objects/bucket.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace regctl::objects {

namespace {

constexpr std::string_view k_encryption = "x-amz-server-side-encryption";
constexpr std::size_t k_keys_a_page = 1000; // what servers give by themselves
/// In a row, of a listing that goes on. Ceph gives some behind many keys that were removed.
constexpr int k_most_empty_pages = 100;

ObjectInfo info_of(const std::string& key, const http::Headers& headers, const std::string& what) {
  ObjectInfo info;
  info.key = key;
  info.size_bytes = read_size(headers.find("Content-Length").value_or(""), what);
  info.etag = unquoted(headers.find("ETag").value_or(""));
  info.changed = read_http_time(headers.find("Last-Modified").value_or(""), what);
  return info;
}

/// Amazon has a host for each region, which knows no other region's buckets: `endpoint` with the
/// region `to` in place of `from`. Other servers have one endpoint.
http::Url in_region(http::Url endpoint, const std::string& from, const std::string& to) {
  auto& host = endpoint.host;
  const bool is_amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
  const bool is_label = to.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
                        std::string::npos; // it comes from the server
  if (!is_amazon || !is_label || from == to) {
    return endpoint;
  }
  if (host == "s3.amazonaws.com") { // us-east-1
    host = "s3." + to + ".amazonaws.com";
  } else if (const auto at = host.find("." + from + "."); at != std::string::npos) {
    host.replace(at + 1, from.size(), to);
  }
  return endpoint;
}

/// "2-5" for the bytes from 2 on and before 6.
std::string range(std::uint64_t begin, std::uint64_t end) {
  return std::to_string(begin) + "-" + std::to_string(end - 1);
}

/// A server that ignores Range, or sends another one, would have its bytes taken for others.
void check_range(const http::Response& response, const std::string& what,
                 const std::string& wanted) {
  const auto sent = response.headers.find("Content-Range").value_or("");
  if (response.status != 206 || !sent.starts_with("bytes " + wanted + "/")) {
    throw Error(ErrorKind::protocol, what + ": the server was asked for the bytes " + wanted +
                                         ", and sent others: " + excerpt(sent));
  }
}

/// Whether an answer of this status may name a region or ask for a repetition.
bool has_telling_code(int status) {
  return status == 301 || status == 307 || status == 400 || status == 409;
}

} // namespace

Bucket::Bucket(http::Transport& transport, BucketOptions options)
    : transport_(transport), options_(std::move(options)), region_(options_.region) {}

bool Bucket::is_at(std::string_view host_port) const {
  return url_of({}, {}, region()).origin().ends_with("://" + std::string(host_port));
}

std::string Bucket::describe(std::string_view key) const {
  return "s3://" + options_.name + (key.empty() ? "" : "/" + std::string(key));
}

http::Url Bucket::url_of(const std::string& key, const http::AwsQuery& query,
                         const std::string& region) const {
  auto url = in_region(options_.endpoint, options_.region, region);
  if (options_.addressing == Addressing::virtual_host) {
    url.host = options_.name + "." + url.host;
    url.target = http::aws_path(key);
  } else {
    url.target = http::aws_path(options_.name + "/" + key);
  }
  url.target += http::aws_query(query);
  return url;
}

std::string Bucket::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::chrono::system_clock::time_point Bucket::server_time() const {
  const std::lock_guard lock(mutex_);
  return options_.now() + clock_ahead_;
}

void Bucket::learn_time(const http::Response& response) {
  const auto date = http::parse_http_date(response.headers.find("Date").value_or(""));
  if (date) {
    const auto time = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(*date));
    const std::lock_guard lock(mutex_);
    clock_ahead_ = std::chrono::duration_cast<std::chrono::seconds>(time - options_.now());
  }
}

http::Request Bucket::make_request(const Wanted& wanted, const std::string& region) {
  http::Request request;
  request.method = wanted.method;
  request.url = url_of(wanted.key, wanted.query, region);
  request.headers = wanted.headers;
  // By https the connection proves the bytes; by http the signature has to.
  auto payload = request.url.scheme == "https" && wanted.body
                     ? std::string(http::k_unsigned_payload)
                     : sha256_hex(wanted.body.value_or(""));
  if (wanted.body) {
    request.body = http::view_body(*wanted.body);
  }
  request.sign = [this, region, payload = std::move(payload),
                  attempts = wanted.attempts](http::Request& attempt) {
    http::AwsSigner(options_.key(), region).sign(attempt, payload, options_.now());
    if (attempts != nullptr) {
      ++*attempts;
    }
  };
  return request;
}

http::Response Bucket::send_once(const Wanted& wanted, const std::string& region) {
  try {
    auto response = transport_.send(make_request(wanted, region));
    learn_time(response);
    return response;
  } catch (const Error& error) {
    throw in_bucket(error, describe());
  }
}

/// Sends the request again where it has to go to another region, and where the server asks for that
/// by a code instead of a status.
http::Response Bucket::send(const Wanted& wanted) {
  auto used = region(); // another thread may learn the region meanwhile
  bool has_moved = false;
  for (unsigned failures = 1;; ++failures) {
    auto response = send_once(wanted, used);
    if (!has_telling_code(response.status)) {
      return response;
    }
    const auto refusal = read_refusal(response);
    if (!has_moved && !refusal.region.empty() && refusal.region != used) {
      learn_region(refusal.region);
      used = refusal.region;
      has_moved = true;
      continue;
    }
    transport_.pause_or_throw(error_of(refusal, describe(wanted.key)), failures);
    if (wanted.attempts != nullptr) {
      --*wanted.attempts; // it has written nothing
    }
  }
}

void Bucket::learn_region(const std::string& region) {
  std::string before;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(region_, region);
  }
  if (before != region) {
    transport_.note(describe() + " lies in region " + excerpt(region) + ", not in " + before);
  }
}

http::Response Bucket::ask(const Wanted& wanted, std::string_view about,
                           std::initializer_list<int> also) {
  auto response = send(wanted);
  if (!http::is_success(response.status) &&
      std::find(also.begin(), also.end(), response.status) == also.end()) {
    const auto error = error_of(read_refusal(response), describe(about));
    const bool may_be_encryption = options_.encrypt && error.hint().empty() &&
                                   (response.status == 400 || response.status == 501) &&
                                   wanted.headers.find(k_encryption);
    throw may_be_encryption
        ? Error(error.kind(), error.message(),
                "the server may not encrypt: AWS_ENCRYPT=false asks for no encryption")
        : error;
  }
  return response;
}

http::Headers Bucket::headers_of_new_object() const {
  http::Headers headers;
  if (options_.encrypt) {
    headers.add(std::string(k_encryption), "AES256");
  }
  return headers;
}

std::optional<ObjectInfo> Bucket::find(const std::string& key) {
  const auto response = ask({.method = http::Method::head, .key = key}, key, {404});
  return response.status == 404 ? std::nullopt
                                : std::optional(info_of(key, response.headers, describe(key)));
}

bool Bucket::has_any(const std::string& prefix) {
  return !read_page({prefix, "", "", false, 1}).objects.empty();
}

std::unique_ptr<Source> Bucket::open(const std::string& key, std::uint64_t offset,
                                     std::uint64_t size_bytes, const std::string& etag) {
  if (offset > 0 && size_bytes == 0) {
    return make_text_source({}); // no range has no bytes
  }
  const auto open_at = [this, key, offset, size_bytes, etag](std::uint64_t from) {
    http::Headers headers;
    const bool is_part = offset + from > 0;
    if (is_part) {
      headers.add("Range", "bytes=" + range(offset + from, offset + size_bytes));
    }
    if (!etag.empty()) {
      headers.add("If-Match", "\"" + etag + "\"");
    }
    auto response = ask({.key = key, .headers = std::move(headers)}, key, {412});
    if (response.status == 412) {
      throw Error(ErrorKind::integrity, describe(key) + " was replaced while it was read",
                  "try again");
    }
    if (is_part) {
      check_range(response, describe(key), range(offset + from, offset + size_bytes));
      // From here on offsets are those of the part.
      response.status = from == 0 ? 200 : 206;
      response.headers = {
          {"Content-Range", "bytes " + range(from, size_bytes) + "/" + std::to_string(size_bytes)}};
    }
    return response;
  };
  return http::make_resuming_source(transport_, open_at, size_bytes, describe(key));
}

std::string Bucket::presign(const std::string& key, std::chrono::seconds valid_for) const {
  return http::AwsSigner(options_.key(), region())
      .presign(http::Method::get, url_of(key, {}, region()), valid_for, options_.now())
      .to_string();
}

std::optional<std::string> Bucket::read(const std::string& key, std::uint64_t limit_bytes) {
  auto response = ask_whole({.key = key}, key, limit_bytes, {404});
  if (response.status == 404) {
    forgive_missing(response, describe());
    return std::nullopt;
  }
  return read_text(*response.body, limit_bytes, describe(key));
}

void Bucket::list(const std::string& prefix, const OnListed& on_listed) {
  list_range(prefix, {}, {}, on_listed);
}

std::string Bucket::list_range(const std::string& prefix, const std::string& after,
                               const std::string& end, const OnListed& on_listed) {
  PageRequest request{prefix, after, {}, static_cast<bool>(on_listed.prefix), k_keys_a_page};
  std::set<std::string> tokens;
  std::string last;
  int empty_pages = 0;
  for (;;) {
    const auto page = read_page(request);
    bool has_new = false;
    const auto take = [&](const std::string& key, const auto& tell) {
      if (!key.starts_with(prefix)) {
        throw Error(ErrorKind::protocol, "the listing of " + describe(prefix) + " has " +
                                             excerpt(key) + ", which was not asked for");
      }
      if (key > last) {
        last = key;
        has_new = true;
      }
      if (end.empty() || key < end) {
        tell();
      }
    };
    for (const auto& object : page.objects) {
      take(object.key, [&] { on_listed.object(object); });
    }
    for (const auto& folder : page.prefixes) {
      take(folder, [&] { on_listed.prefix(folder); });
    }
    if (page.next.empty() || (!end.empty() && last >= end)) {
      return {};
    }
    if (on_listed.goes_on && !on_listed.goes_on()) {
      return last;
    }
    const bool is_empty = page.objects.empty() && page.prefixes.empty();
    empty_pages = is_empty ? empty_pages + 1 : 0;
    const bool goes_on = is_empty ? empty_pages <= k_most_empty_pages : has_new;
    if (!tokens.insert(page.next).second || !goes_on) {
      throw Error(ErrorKind::protocol, describe(prefix) + " is listed in pages without end");
    }
    request.token = page.next;
  }
}

Bucket::Page Bucket::read_page(const PageRequest& request) {
  if (wants_encoding_) {
    return read_page_as(request, true);
  }
  try {
    return read_page_as(request, false);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::protocol) {
      if (auto page = try_encoded_page(request)) {
        return *std::move(page);
      }
    }
    throw;
  }
}

/// A key may have characters that XML does not. Encoded it has none of them.
std::optional<Bucket::Page> Bucket::try_encoded_page(const PageRequest& request) {
  try {
    auto page = read_page_as(request, true);
    wants_encoding_ = true;
    return page;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return std::nullopt;
  }
}

Bucket::Page Bucket::read_page_as(const PageRequest& request, bool is_encoded) {
  Page page;
  ObjectInfo object;
  std::string size;
  std::string time;
  bool is_truncated = false;
  bool has_encoded_keys = false; // a server may not know of it
  auto query = query_of(request);
  if (is_encoded) {
    query.emplace_back("encoding-type", "url");
  }
  ask_xml({.key = {}, .query = std::move(query)}, request.prefix, "ListBucketResult",
          [&](std::string_view path, const std::string& text) {
            if (path == "Contents/Key") {
              object.key = text;
            } else if (path == "Contents/Size") {
              size = text;
            } else if (path == "Contents/ETag") {
              object.etag = unquoted(text);
            } else if (path == "Contents/LastModified") {
              time = text;
            } else if (path == "Contents") {
              object.size_bytes = read_size(std::exchange(size, {}), describe(object.key));
              object.changed = read_time(std::exchange(time, {}), describe(object.key));
              page.objects.push_back(std::exchange(object, {}));
            } else if (path == "CommonPrefixes/Prefix" && request.wants_folders) {
              page.prefixes.push_back(text);
            } else if (path == "IsTruncated") {
              is_truncated = text == "true";
            } else if (path == "NextContinuationToken") {
              page.next = text;
            } else if (path == "EncodingType") {
              has_encoded_keys = text == "url";
            }
          });
  if (has_encoded_keys) {
    for (auto& listed : page.objects) {
      listed.key = decoded(listed.key, request.prefix);
    }
    for (auto& prefix : page.prefixes) {
      prefix = decoded(prefix, request.prefix);
    }
  }
  if (is_truncated && page.next.empty()) {
    throw Error(ErrorKind::protocol, "the listing of " + describe(request.prefix) +
                                         " is cut, and says not how it goes on");
  }
  if (!is_truncated) {
    page.next.clear();
  }
  return page;
}

std::string Bucket::decoded(const std::string& key, std::string_view about) const {
  auto text = percent_decode(key, Plus::space);
  if (!text) {
    throw Error(ErrorKind::protocol, "the listing of " + describe(about) + " has " + excerpt(key) +
                                         ", which is not URL-encoded");
  }
  return *std::move(text);
}

http::AwsQuery Bucket::query_of(const PageRequest& request) {
  http::AwsQuery query = {{"list-type", "2"}, {"prefix", request.prefix}};
  if (request.most_keys != k_keys_a_page) {
    query.emplace_back("max-keys", std::to_string(request.most_keys));
  }
  if (request.wants_folders) {
    query.emplace_back("delimiter", "/");
  }
  if (!request.token.empty()) {
    query.emplace_back("continuation-token", request.token);
  } else if (!request.after.empty()) {
    query.emplace_back("start-after", request.after);
  }
  return query;
}

std::optional<std::string> Bucket::put(const std::string& key, std::string_view text,
                                       Condition condition) {
  return condition == Condition::absent ? put_if(http::Header{"If-None-Match", "*"}, key, text)
                                        : put_if(std::nullopt, key, text);
}

std::optional<std::string> Bucket::put_if(const std::optional<http::Header>& condition,
                                          const std::string& key, std::string_view text) {
  unsigned attempts = 0;
  const auto response = send_small(condition, key, text, attempts);
  if (response.status == 412) {
    return attempts > 1 ? etag_if_ours(key, text) : std::nullopt;
  }
  return unquoted(response.headers.find("ETag").value_or(""));
}

/// Sends a small object; the answer may be 412 if there is a condition. Counts the attempts.
http::Response Bucket::send_small(const std::optional<http::Header>& condition,
                                  const std::string& key, std::string_view text,
                                  unsigned& attempts) {
  auto headers = headers_of_new_object();
  headers.add("Content-Type", "application/octet-stream");
  const auto proof = proof_of(text);
  for (const auto& header : proof.fields()) {
    headers.add(header.name, header.value);
  }
  if (condition) {
    headers.add(condition->name, condition->value);
  }
  const Wanted wanted{.method = http::Method::put,
                      .key = key,
                      .headers = std::move(headers),
                      .body = text,
                      .attempts = &attempts};
  auto response = condition ? ask(wanted, key, {412}) : ask(wanted, key);
  http::discard_body(response);
  return response;
}

/// Whether an attempt without an answer has written the object that kept out the next one.
std::optional<std::string> Bucket::etag_if_ours(const std::string& key, std::string_view text) {
  const auto there = find(key);
  const bool is_ours = there && there->size_bytes == text.size() && read(key, text.size()) == text;
  return is_ours ? std::optional(there->etag) : std::nullopt;
}

bool Bucket::is_versioned() {
  bool is_enabled = false;
  try {
    ask_xml({.key = {}, .query = {{"versioning", ""}}}, {}, "VersioningConfiguration",
            [&](std::string_view path, const std::string& text) {
              is_enabled = is_enabled || (path == "Status" && text == "Enabled");
            });
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
  }
  return is_enabled;
}

void Bucket::remove(const std::string& key) {
  auto response = ask({.method = http::Method::remove, .key = key}, key, {404});
  forgive_missing(response, describe());
}

} // namespace regctl::objects
