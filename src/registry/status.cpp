// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>

#include <algorithm>
#include <array>

namespace regctl::registry {

namespace {

constexpr std::uint64_t k_error_body_limit_bytes = 64 * 1024;

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array<Phrase, 18> k_phrases = {{{301, "moved"},
                                               {302, "found elsewhere"},
                                               {303, "see elsewhere"},
                                               {308, "moved"},
                                               {400, "bad request"},
                                               {401, "credentials wanted"},
                                               {403, "forbidden"},
                                               {404, "not found"},
                                               {405, "method not allowed"},
                                               {409, "conflict"},
                                               {411, "length required"},
                                               {413, "too large"},
                                               {416, "range not satisfiable"},
                                               {429, "too many requests"},
                                               {500, "internal server error"},
                                               {502, "bad gateway"},
                                               {503, "service unavailable"},
                                               {504, "gateway time-out"}}};

std::string phrase_of(int status) {
  const auto found = std::find_if(k_phrases.begin(), k_phrases.end(),
                                  [&](const Phrase& phrase) { return phrase.status == status; });
  return found == k_phrases.end() ? "no reason given" : std::string(found->text);
}

std::string html_title(std::string_view body) {
  const auto begin = body.find("<title>");
  const auto end = body.find("</title>");
  return begin == std::string_view::npos || end == std::string_view::npos || end < begin
             ? std::string()
             : std::string(body.substr(begin + 7, end - begin - 7));
}

/// The text of the first element of {"errors": [{"code": …, "message": …, "detail": …}]}, which v2
/// servers send, with the detail if that is text; "" for anything else.
std::string first_error(const Json& document) {
  const auto* errors = find_member(document, "errors");
  if (errors == nullptr || !errors->is_array() || errors->empty()) {
    return {};
  }
  const auto message = optional_string(errors->front(), "message");
  const auto detail = optional_string(errors->front(), "detail");
  if (!message) {
    return detail ? *detail : optional_string(errors->front(), "code").value_or("");
  }
  return detail && *detail != *message ? *message + ": " + *detail : *message;
}

/// The text of {"error": "text"}, which v1 servers send, of {"message": "text"}, which Docker's
/// engine sends, or of a v2 server's errors; "" for anything else.
std::string json_error(std::string_view body) {
  const auto document = find_json(body).value_or(Json());
  if (auto text = first_error(document); !text.empty()) {
    return text;
  }
  const auto error = optional_string(document, "error");
  return error ? *error : optional_string(document, "message").value_or("");
}

ErrorKind kind_of(int status) noexcept {
  if (status == 401 || status == 403) {
    return ErrorKind::denied;
  }
  if (status == 404) {
    return ErrorKind::not_found;
  }
  return status == 408 || status == 429 || status >= 500 ? ErrorKind::unavailable
                                                         : ErrorKind::protocol;
}

/// The target of a redirect that the client did not follow; empty if the answer is no redirect.
std::string redirect_target(const http::Response& response) {
  const auto location = response.headers.find("Location");
  if (!location || response.status < 300 || response.status > 399) {
    return {};
  }
  try {
    return response.url.resolve(*location).redacted();
  } catch (const Error&) {
    return excerpt(*location);
  }
}

} // namespace

std::string error_text(http::Response& response) {
  std::string body;
  try {
    body = http::read_body(response, k_error_body_limit_bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    // A truncated or too long page tells no more than the status does.
  }
  std::string text;
  if (body.starts_with('{')) {
    text = json_error(body);
  } else if (body.starts_with('<')) {
    text = html_title(body);
  } else {
    text = body;
  }
  text = excerpt(std::string_view(text).substr(0, text.find_first_of("\r\n")));
  return text.empty() ? phrase_of(response.status) : text;
}

void throw_status(http::Response& response, const std::string& what) {
  const auto text = error_text(response);
  const auto target = redirect_target(response);
  throw Error(kind_of(response.status),
              what + ": " + response.url.origin() + " answered " + std::to_string(response.status) +
                  " (" + text + ")" + (target.empty() ? "" : ", and names " + target + " instead"),
              target.empty() ? "" : "if that is where the registry is, use its host and port");
}

void throw_denied(http::Response& response, const std::string& host, const std::string& what,
                  const std::optional<http::Credential>& credential) {
  const auto text = error_text(response);
  auto hint = "run 'regctl login " + host + "'";
  if (credential && credential->origin.empty()) { // the user is just logging in
    hint = "check user name and password";
  } else if (credential) {
    hint = "check the password of '" + credential->username + "' from " + credential->origin +
           ", or " + hint;
  }
  throw Error(ErrorKind::denied,
              host + " denies access" + (what.empty() ? "" : " to " + what) + ": it answered " +
                  std::to_string(response.status) + " (" + text + ")" +
                  (credential ? " to '" + credential->username + "'" : ""),
              hint);
}

} // namespace regctl::registry
