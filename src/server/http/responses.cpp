// SPDX-License-Identifier: Apache-2.0
#include "server/http/responses.hpp"

#include <regctl/base/json.hpp>

#include <array>
#include <ctime>

namespace regctl::server {

namespace {

constexpr std::time_t k_year_s = 365L * 24 * 60 * 60;
constexpr const char* k_epoch = "Thu, 01 Jan 1970 00:00:00 GMT";

/// A date in RFC 9110's form: "Mon, 23 Nov 2026 23:39:39 GMT".
std::string http_date(std::time_t time) {
  std::tm parts{};
  std::array<char, 40> text{};
  ::gmtime_r(&time, &parts);
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

class Ready final : public Handler {
public:
  explicit Ready(Response response) : response_(std::move(response)) {}
  Response answer() override { return std::move(response_); }

private:
  Response response_;
};

} // namespace

Response json_response(std::string text, int status) {
  Response response;
  response.status = status;
  response.text = std::move(text);
  response.headers = {{"Content-Type", "application/json"},
                      {"Cache-Control", "no-cache"},
                      {"Pragma", "no-cache"},
                      {"Expires", "-1"}};
  return response;
}

Response error_response(int status, std::string_view text) {
  return json_response("{\"error\": " + json_quote(text) + "}", status);
}

void make_cacheable(Response& response, const std::string& entity_tag) {
  if (response.status != 304) {
    response.headers.push_back({"Last-Modified", k_epoch});
  }
  response.headers.push_back({"Cache-Control", "public, max-age=31536000"});
  response.headers.push_back({"Expires", http_date(std::time(nullptr) + k_year_s)});
  if (!entity_tag.empty()) {
    response.headers.push_back({"ETag", entity_tag});
  }
}

bool is_not_modified(const Request& request, const std::string& entity_tag) {
  if (const auto tags = request.header("If-None-Match")) {
    return *tags == "*" || (!entity_tag.empty() && tags->find(entity_tag) != std::string::npos);
  }
  return request.header("If-Modified-Since").has_value();
}

Response not_modified_response(const std::string& entity_tag) {
  Response response;
  response.status = 304;
  make_cacheable(response, entity_tag);
  return response;
}

std::unique_ptr<Handler> make_ready(Response response) {
  return std::make_unique<Ready>(std::move(response));
}

} // namespace regctl::server
