// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/sts.hpp"

#include "objects/credentials/ask.hpp"
#include "objects/credentials/endpoint.hpp"
#include "objects/credentials/json_key.hpp"
#include "objects/credentials/token.hpp"
#include "objects/refusal.hpp"
#include "objects/xml.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/objects/credentials.hpp>

namespace regctl::objects {

namespace {

/// The region that signs for the endpoint of all regions.
constexpr const char* k_global_region = "us-east-1";

/// A form with the parameters of an action.
class Form {
public:
  explicit Form(const std::string& action) {
    add("Action", action);
    add("Version", "2011-06-15");
  }

  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "" : "&";
    text_ += name;
    text_ += '=';
    text_ += http::percent_encode(value);
  }
  void add_if_set(std::string_view name, const std::optional<std::string>& value) {
    if (value) {
      add(name, *value);
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
  std::string text_;
};

Form form_of(const std::string& action, const Role& role, Time now) {
  Form form(action);
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  form.add("RoleArn", role.arn);
  form.add("RoleSessionName", role.session_name.value_or("regctl-" + std::to_string(seconds)));
  form.add_if_set("ExternalId", role.external_id);
  form.add_if_set("DurationSeconds", role.duration_seconds);
  return form;
}

http::Request request_of(const Form& form, http::Url endpoint) {
  http::Request request;
  request.method = http::Method::post;
  request.url = std::move(endpoint);
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = http::text_body(form.text());
  return request;
}

http::Url endpoint_of(const KeyLookup& lookup, const std::string& region) {
  if (auto configured = find_endpoint(lookup.environment, lookup.profiles, "sts")) {
    return *configured;
  }
  return region.empty() ? http::Url::parse("https://sts.amazonaws.com")
                        : amazon_endpoint("sts", region);
}

/// The error of an answer that is none of success, whose code says more than its status.
Error refused(http::Response& response, const std::string& what) {
  const auto refusal = read_refusal(response);
  const auto error = error_of(refusal, what + " is not given by " + response.url.origin());
  const bool may_pass = refusal.status == 429 || refusal.status >= 500;
  return {may_pass ? ErrorKind::unavailable : ErrorKind::denied, error.message(),
          may_pass
              ? ""
              : "check the key, the name of the role, and whom its trust policy lets assume it"};
}

/// Sends the request and reads the key in the answer to `action`.
FoundKey ask_for_key(const KeyLookup& lookup, const http::Request& request,
                     const std::string& action, const Role& role) {
  const auto what = "role '" + excerpt(role.arn) + "'";
  auto response = ask(lookup.transport, request);
  if (!http::is_success(response.status)) {
    throw refused(response, what);
  }
  const auto root = action + "Response/" + action + "Result/Credentials/";
  FoundKey found;
  read_xml(*response.body, "the answer about " + what,
           [&](std::string_view path, const std::string& text) {
             if (!path.starts_with(root)) {
               return;
             }
             path.remove_prefix(root.size());
             if (path == "AccessKeyId") {
               found.key.id = text;
             } else if (path == "SecretAccessKey") {
               found.key.secret = http::Secret(text);
             } else if (path == "SessionToken") {
               found.key.session_token = http::Secret(text);
             } else if (path == "Expiration") {
               found.ends = parse_end(text, "the answer about " + what);
             }
           });
  if (found.key.id.empty() || found.key.secret.empty()) {
    throw Error(ErrorKind::protocol, "the answer about " + what + " has no key in it");
  }
  found.origin = what;
  return found;
}

} // namespace

FoundKey assume_role(const KeyLookup& lookup, const Role& role, const http::AwsKey& by) {
  const std::string action = "AssumeRole";
  const auto region = find_region(lookup.environment, lookup.profiles);
  const auto form = form_of(action, role, lookup.now);
  auto request = request_of(form, endpoint_of(lookup, region));
  const http::AwsSigner signer(by, region.empty() ? k_global_region : region, "sts");
  signer.sign(request, sha256_hex(form.text()), lookup.now);
  return ask_for_key(lookup, request, action, role);
}

FoundKey assume_role_with_web_identity(const KeyLookup& lookup, const Role& role,
                                       const std::filesystem::path& token_file) {
  const std::string action = "AssumeRoleWithWebIdentity";
  const auto region = find_region(lookup.environment, lookup.profiles);
  auto form = form_of(action, role, lookup.now);
  form.add("WebIdentityToken", read_token(token_file));
  return ask_for_key(lookup, request_of(form, endpoint_of(lookup, region)), action, role);
}

} // namespace regctl::objects
