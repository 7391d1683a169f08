// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "registry/v2/tokens.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>

namespace {

using namespace regctl;
using namespace regctl::registry::v2;

/// Answers each request with one body.
class OneAnswer final : public http::Transport {
public:
  explicit OneAnswer(const std::string& body) : body_(body) {}

  http::Response send(const http::Request& request) override {
    http::Response response;
    response.status = 200;
    response.url = request.url;
    response.body = make_text_source(body_);
    return response;
  }
  Attempt attempt(const http::Request& request) override { return {send(request), {}}; }
  [[nodiscard]] const http::TransportOptions& options() const noexcept override { return options_; }

private:
  const std::string& body_;
  http::TransportOptions options_{.retries = 0, .retry_delay = std::chrono::milliseconds(0)};
};

} // namespace

void fuzz(const std::string& input) {
  OneAnswer service(input);
  const auto now = Token::Clock::now();
  TokenClient client(service, http::Url::parse("https://host/"), "host", [&] { return now; });
  const Demand demand{.kind = Demand::Kind::bearer, .realm = "https://host/token"};
  const auto token = client.get(demand, {"repository:a:pull"}, std::nullopt);
  const auto& value = token->authorization.reveal();
  const bool fits_in_header = std::none_of(value.begin(), value.end(), [](char c) {
    return c < ' ' || c == '\x7f'; // a line end would begin another header
  });
  if (!value.starts_with("Bearer ") || !fits_in_header) {
    __builtin_trap();
  }
  const auto life = token->renew_at - now;
  if (life < std::chrono::seconds(30) || life > std::chrono::hours(24)) {
    __builtin_trap();
  }
}
