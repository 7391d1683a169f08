// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/tokens.hpp"

#include "registry/status.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace regctl::registry::v2 {

namespace {

using std::chrono::seconds;

constexpr std::size_t k_remembered_tokens = 1000;
constexpr std::uint64_t k_answer_limit_bytes = 1024 * 1024;
/// Also for a service that says less. Source: distribution 2.8.2, docs/spec/auth/token.md.
constexpr seconds k_shortest_life{60};
constexpr seconds k_longest_life{24 * 3600};
constexpr seconds k_margin{10}; ///< for requests on their way, and clocks that differ

/// "name=value&…" with `pairs` and one "scope" for each scope.
std::string form(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    text += (text.empty() ? "" : "&") + name + "=" + http::percent_encode(value);
  }
  return text;
}

std::string joined(const Scopes& scopes) {
  std::string text;
  for (const auto& scope : scopes) {
    text += (text.empty() ? "" : " ") + scope;
  }
  return text;
}

/// The request for a token by GET. Basic goes along if there is a password.
http::Request token_request(const http::Url& realm, const Demand& demand, const Scopes& scopes,
                            const std::optional<http::Credential>& credential) {
  std::vector<std::pair<std::string, std::string>> query;
  if (!demand.service.empty()) {
    query.emplace_back("service", demand.service);
  }
  for (const auto& scope : scopes) {
    query.emplace_back("scope", scope);
  }
  http::Request request;
  request.url = realm;
  if (credential && !credential->username.empty()) {
    query.emplace_back("account", credential->username);
  }
  if (credential) {
    request.authorization = http::basic_authorization(credential->username, credential->password);
  }
  if (!query.empty()) {
    request.url.target +=
        (request.url.target.find('?') == std::string::npos ? "?" : "&") + form(query);
  }
  return request;
}

/// The request for a token by POST, for an identity token.
http::Request oauth_request(const http::Url& realm, const Demand& demand, const Scopes& scopes,
                            const http::Secret& identity_token) {
  http::Request request;
  request.method = http::Method::post;
  request.url = realm;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  // Docker's own client has got the identity token, so that it is used in its name.
  request.body = http::text_body(form({{"grant_type", "refresh_token"},
                                       {"service", demand.service},
                                       {"client_id", "docker"},
                                       {"scope", joined(scopes)},
                                       {"refresh_token", identity_token.reveal()}}));
  return request;
}

/// The body, unpacked if it is packed: services behind a proxy send gzip without being asked.
std::string read_answer(http::Response& response) {
  const auto what = "the answer of the token service " + response.url.origin();
  const auto body = http::read_body(response, k_answer_limit_bytes);
  if (detect_compression(as_bytes(body)) == Compression::none) {
    return body;
  }
  return read_text(*make_decompressed_source(make_view_source(body), what), k_answer_limit_bytes,
                   what);
}

seconds life_of(const Json& answer) {
  const auto* member = find_member(answer, "expires_in");
  std::optional<std::int64_t> told;
  if (member != nullptr && member->is_number()) {
    const auto value = member->get<double>();
    told = static_cast<std::int64_t>(
        std::clamp(value, 0.0, static_cast<double>(k_longest_life.count())));
  } else if (const auto text = optional_string(answer, "expires_in")) {
    told = parse_whole_number<std::int64_t>(*text);
  }
  return std::clamp(seconds(told.value_or(0)), k_shortest_life, k_longest_life);
}

bool has_no_such_method(int status) noexcept {
  constexpr std::array k_statuses = {400, 401, 404, 405, 501};
  return std::find(k_statuses.begin(), k_statuses.end(), status) != k_statuses.end();
}

} // namespace

struct TokenClient::Slot {
  std::mutex mutex; ///< held while one thread fetches for all
  std::shared_ptr<Token> token;
};

TokenClient::TokenClient(http::Transport& transport, http::Url registry, std::string host,
                         std::function<Token::Clock::time_point()> now)
    : transport_(transport), registry_(std::move(registry)), host_(std::move(host)),
      now_(std::move(now)), slots_(k_remembered_tokens) {}

std::shared_ptr<TokenClient::Slot>
TokenClient::slot(const Demand& demand, const Scopes& scopes,
                  const std::optional<http::Credential>& credential) {
  const auto key = demand.realm + "\n" + demand.service + "\n" +
                   (credential ? "+" + credential->username : "-") + "\n" + joined(scopes);
  const std::lock_guard lock(mutex_);
  auto& found = slots_.try_emplace(key).first;
  if (!found) {
    found = std::make_shared<Slot>();
  }
  return found;
}

bool TokenClient::is_good(const Slot& slot) const {
  return slot.token && !slot.token->is_refused && slot.token->renew_at > now_();
}

std::shared_ptr<Token> TokenClient::get(const Demand& demand, const Scopes& scopes,
                                        const std::optional<http::Credential>& credential) {
  const auto place = slot(demand, scopes, credential);
  const std::lock_guard lock(place->mutex);
  if (!is_good(*place)) {
    place->token = fetch(demand, scopes, credential);
  }
  return place->token;
}

std::shared_ptr<Token> TokenClient::find(const Demand& demand, const Scopes& scopes,
                                         const std::optional<http::Credential>& credential) {
  const auto place = slot(demand, scopes, credential);
  const std::unique_lock lock(place->mutex, std::try_to_lock);
  return lock && is_good(*place) ? place->token : nullptr;
}

std::shared_ptr<Token> TokenClient::fetch(const Demand& demand, const Scopes& scopes,
                                          const std::optional<http::Credential>& credential) {
  const auto realm = in_context([&] { return "reading the realm that " + host_ + " names"; },
                                [&] { return http::Url::parse(demand.realm); });
  std::optional<http::Response> response;
  if (credential && !credential->identity_token.empty()) {
    response = ask(oauth_request(realm, demand, scopes, credential->identity_token));
    if (has_no_such_method(response->status) && !credential->password.empty()) {
      http::discard_body(*response);
      response.reset();
    }
  }
  if (!response) {
    response = ask(token_request(realm, demand, scopes, credential));
  }
  if (!http::is_success(response->status)) {
    refuse(*response, credential);
  }
  return read_token(*response);
}

/// Sends a request to the token service. It does not wait for room at the host: threads that occupy
/// all the room may be waiting for this very token.
http::Response TokenClient::ask(const http::Request& wanted) {
  auto request = wanted;
  request.named_by = registry_;
  if (request.body) { // holds a secret: what is signed follows no redirect to another origin
    request.sign = [](http::Request&) {};
  }
  return in_context([&] { return "asking the token service that " + host_ + " names"; },
                    [&] {
                      for (unsigned failures = 1;; ++failures) {
                        auto attempt = transport_.attempt(request);
                        if (!attempt.response) {
                          transport_.pause_or_throw(*attempt.error, failures);
                          continue;
                        }
                        const int status = attempt.response->status;
                        if (status != 429 && status < 500) {
                          return std::move(*attempt.response);
                        }
                        try {
                          throw_status(*attempt.response, "cannot get a token");
                        } catch (const Error& error) {
                          transport_.pause_or_throw(error, failures);
                        }
                      }
                    });
}

std::shared_ptr<Token> TokenClient::read_token(http::Response& response) const {
  const auto what = "the answer of the token service " + response.url.origin();
  const auto answer = parse_json(read_answer(response), what);
  auto token = optional_string(answer, "token");
  if (!token) {
    token = optional_string(answer, "access_token");
  }
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!token || !std::all_of(token->begin(), token->end(), is_printable)) {
    throw Error(ErrorKind::protocol, what + " has no token");
  }
  return std::make_shared<Token>(http::Secret("Bearer " + *token),
                                 now_() + life_of(answer) - k_margin);
}

void TokenClient::refuse(http::Response& response,
                         const std::optional<http::Credential>& credential) const {
  const int status = response.status;
  const auto service = "the token service " + response.url.origin();
  if (status != 400 && status != 401 && status != 403) {
    throw_status(response, "cannot get a token for " + host_);
  }
  const auto text = error_text(response);
  std::string hint = "run 'regctl login " + host_ + "'";
  if (credential && credential->origin.empty()) {
    hint = "check user name and password";
  } else if (credential) {
    hint = "check the password of '" + credential->username + "' from " + credential->origin +
           ", or " + hint;
  }
  throw Error(ErrorKind::denied,
              host_ + " denies access: " + service + " answered " + std::to_string(status) + " (" +
                  text + ")" + (credential ? " to '" + credential->username + "'" : ""),
              hint);
}

} // namespace regctl::registry::v2
