// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/blobs.hpp"

#include "registry/status.hpp"
#include "registry/v2/upload_url.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/http/resume.hpp>

#include <utility>
#include <vector>

namespace regctl::registry::v2 {

namespace {

http::Request blob_request(const AuthorizedSession& session, http::Method method,
                           const oci::Digest& digest) {
  auto request = session.request(method, "blobs/" + digest.to_string());
  // Bytes that are packed on the way would not be those of the digest.
  request.headers.add("Accept-Encoding", "identity");
  return request;
}

bool is_elsewhere(const AuthorizedSession& session, const http::Response& response) {
  return response.url.origin() != session.connection().base.origin();
}

std::optional<std::uint64_t> content_length(const http::Response& response) {
  return parse_whole_number<std::uint64_t>(response.headers.find("Content-Length").value_or(""));
}

/// The digest of no bytes by the algorithm of `digest`.
oci::Digest empty_digest(const oci::Digest& digest) {
  return oci::Digest::of("", digest.algorithm());
}

/// The size after the slash of "bytes 0-0/123".
std::optional<std::uint64_t> size_in_range(const http::Response& response) {
  const auto range = response.headers.find("Content-Range").value_or("");
  const auto slash = range.rfind('/');
  return slash == std::string::npos
             ? std::nullopt
             : parse_whole_number<std::uint64_t>(std::string_view(range).substr(slash + 1));
}

/// The size of a blob by GET, for registries and storages that do not tell it by HEAD.
std::optional<std::uint64_t> find_by_get(AuthorizedSession& session, const oci::Digest& digest) {
  auto request = blob_request(session, http::Method::get, digest);
  request.headers.add("Range", "bytes=0-0");
  auto response = session.send(request, session.scopes("pull"));
  std::optional<std::uint64_t> size;
  switch (response.status) {
  case 404:
    http::discard_body(response);
    return std::nullopt;
  case 416: // of the empty blob no range can be had
    size = size_in_range(response).value_or(0);
    break;
  case 206:
    size = size_in_range(response);
    break;
  case 200:
    size = content_length(response);
    if (!size) {
      return drain(*response.body);
    }
    break;
  default:
    session.fail(response,
                 "cannot look for blob " + digest.to_string() + " of " + session.describe());
  }
  http::discard_body(response);
  if (!size) {
    throw Error(ErrorKind::protocol, session.connection().host +
                                         " does not tell the size of blob " + digest.to_string());
  }
  return size;
}

/// The blob's bytes from `offset` on, at the registry or at one of the URLs of a foreign layer.
class BlobReader {
public:
  BlobReader(std::shared_ptr<AuthorizedSession> session, const oci::Descriptor& blob)
      : session_(std::move(session)), digest_(blob.digest), urls_(blob.urls) {}

  http::Response open_at(std::uint64_t offset) {
    auto response = url_ ? open_url(*url_, offset) : open_here(offset);
    if (response.status == 404 && offset == 0 && !url_) {
      http::discard_body(response);
      return open_elsewhere();
    }
    // If there is no range to resume from, the caller asks for the whole blob.
    const bool has_no_range = offset > 0 && (response.status == 404 || response.status == 416);
    if (response.status != 200 && response.status != 206 && !has_no_range) {
      session_->fail(response, what());
    }
    return response;
  }

private:
  [[nodiscard]] std::string what() const {
    return "cannot read blob " + digest_.to_string() + " of " + session_->describe();
  }

  static void add_range(http::Request& request, std::uint64_t offset) {
    if (offset > 0) {
      request.headers.add("Range", "bytes=" + std::to_string(offset) + "-");
    }
  }

  http::Response open_here(std::uint64_t offset) {
    constexpr int k_most_tries = 3;
    for (int tries = 1;; ++tries) {
      auto request = blob_request(*session_, http::Method::get, digest_);
      add_range(request, offset);
      auto response = session_->send(std::move(request), session_->scopes("pull"));
      const bool is_refused_signature =
          (response.status == 403 || response.status == 400) && is_elsewhere(*session_, response);
      if (!is_refused_signature || tries == k_most_tries) {
        return response;
      }
      http::discard_body(response);
    }
  }

  http::Response open_url(const http::Url& url, std::uint64_t offset) {
    http::Request request;
    request.url = url;
    request.named_by = session_->connection().base;
    request.headers.add("Accept-Encoding", "identity");
    add_range(request, offset);
    return session_->connection().transport.send(request);
  }

  /// The first of the blob's URLs that has it.
  http::Response open_elsewhere() {
    std::string last_problem;
    for (const auto& text : urls_) {
      try {
        const auto url = http::Url::parse(text);
        auto response = open_url(url, 0);
        if (response.status == 200) {
          url_ = url;
          return response;
        }
        last_problem = url.origin() + " answered " + std::to_string(response.status);
        http::discard_body(response);
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) {
          throw;
        }
        last_problem = error.message();
      }
    }
    throw Error(
        ErrorKind::not_found,
        session_->describe() + " has no blob " + digest_.to_string() +
            (last_problem.empty() ? "" : ", and it is not to be had elsewhere: " + last_problem));
  }

  std::shared_ptr<AuthorizedSession> session_;
  const oci::Digest digest_;
  const std::vector<std::string> urls_;
  std::optional<http::Url> url_; ///< where the blob was found instead of here
};

} // namespace

std::optional<std::uint64_t> find_blob(AuthorizedSession& session, const oci::Digest& digest) {
  auto response =
      session.send(blob_request(session, http::Method::head, digest), session.scopes("pull"));
  const int status = response.status;
  if (status == 401 || (status == 403 && !is_elsewhere(session, response))) {
    session.fail(response, "cannot look for blob " + digest.to_string());
  }
  http::discard_body(response);
  if (status == 404 && !is_elsewhere(session, response)) {
    return std::nullopt;
  }
  const auto size = content_length(response);
  if (status == 200 && size && (*size > 0 || digest == empty_digest(digest))) {
    return size;
  }
  // A URL that is signed for GET refuses HEAD.
  return find_by_get(session, digest);
}

std::unique_ptr<Source> open_blob(const std::shared_ptr<AuthorizedSession>& session,
                                  const oci::Descriptor& blob) {
  const auto what = "blob " + blob.digest.to_string() + " of " + session->describe();
  if (blob.data && blob.data->size() == blob.size_bytes &&
      oci::Digest::of(*blob.data, blob.digest.algorithm()) == blob.digest) {
    return make_text_source(*blob.data);
  }
  // Schema 1 does not tell the sizes of its layers.
  const bool is_size_known = blob.size_bytes > 0 || blob.digest == empty_digest(blob.digest);
  const auto size = is_size_known ? std::optional(blob.size_bytes) : std::nullopt;
  const auto reader = std::make_shared<BlobReader>(session, blob);
  const auto first = std::make_shared<std::optional<http::Response>>(reader->open_at(0));
  auto bytes = http::make_resuming_source(
      session->connection().transport,
      [reader, first](std::uint64_t offset) {
        if (offset == 0 && *first) {
          auto response = std::move(**first);
          first->reset();
          return response;
        }
        return reader->open_at(offset);
      },
      size, what);
  return oci::make_verified_source(std::move(bytes), blob.digest, size, what);
}

bool mount_blob(AuthorizedSession& session, const oci::Descriptor& blob, const std::string& from) {
  if (session.is_mount_refused(from)) {
    return false;
  }
  try {
    auto request =
        session.request(http::Method::post,
                        "blobs/uploads/?mount=" + http::percent_encode(blob.digest.to_string()) +
                            "&from=" + http::percent_encode(session.api_name(from)));
    request.body = http::text_body("");
    const auto both = unite(session.scopes("pull,push"), session.scopes_of(from, "pull"));
    auto response = session.send(request, both);
    http::discard_body(response);
    if (response.status == 201) {
      return true;
    }
    if (response.status == 202) { // an ordinary upload is open
      cancel_upload(session, find_upload_url(session, request.url, response));
    } else if (response.status != 429 && response.status < 500) {
      session.refuse_mounts(from);
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    if (error.kind() == ErrorKind::denied) { // no token for both repositories is to be had
      session.refuse_mounts(from);
    }
  }
  return false;
}

} // namespace regctl::registry::v2
