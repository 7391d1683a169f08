// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"
#include "registry/v1/repository.hpp"
#include "registry/v1/repository_session.hpp"
#include "registry/v1/search.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace regctl::registry::v1 {

namespace {

using Need = RepositorySession::Need;

/// Reads {"team/app:1.0": ID, "team/app": ID of latest, …} member by member, since a listing can
/// have a hundred thousand.
class ListingReader final : public JsonReader {
public:
  explicit ListingReader(const Registry::OnTag& on_tag) : on_tag_(on_tag) {}

private:
  bool on_begin(Shape shape) override { return depth() > 0 ? on_other() : shape == Shape::object; }
  bool on_other() override {
    tell(std::nullopt);
    return depth() > 0;
  }

  bool on_key(std::string& name) override {
    if (depth() == 1) {
      name_ = familiar_name(name);
    }
    return true;
  }

  bool on_string(std::string& id) override {
    tell(is_v1_id(id) ? std::optional(id) : std::nullopt);
    return depth() > 0;
  }

  /// Passes on a tag. Members with neither an ID nor a name like "NAME:TAG" are something else,
  /// such as the text of an error.
  void tell(const std::optional<std::string>& id) {
    const auto colon = std::min(name_.rfind(':'), name_.size());
    if (depth() == 1 && (id || colon < name_.size())) {
      on_tag_(name_.substr(0, colon), colon == name_.size() ? "latest" : name_.substr(colon + 1),
              id);
    }
  }

  const Registry::OnTag& on_tag_;
  std::string name_;
};

} // namespace

class Registry::Impl {
public:
  explicit Impl(Connection connection)
      : connection_(std::make_shared<const Connection>(std::move(connection))) {}

  [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }

  std::shared_ptr<RepositorySession> session(const std::string& repository) {
    return std::make_shared<RepositorySession>(connection_, repository);
  }

  /// Sends an index request that concerns no repository.
  http::Response ask(std::string target) {
    return RepositorySession(connection_, "").send_index(get(std::move(target)), Need::read);
  }

  /// Whether the registry has a repository of this name; false if access is denied.
  bool has_repository(const std::string& name) {
    try {
      return list_tags(*session(name)).has_value();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      return false;
    }
  }

  /// Sends a GET request without a credential; returns any status.
  http::Response ask_anonymously(std::string target) {
    auto request = get("");
    request.url = connection_->base;
    request.url.target = std::move(target);
    return connection_->transport.send(request);
  }

private:
  std::shared_ptr<const Connection> connection_;
};

Registry::Registry(http::Transport& transport, http::Url base, std::string host,
                   CredentialFor credential_for, Ping ping, http::EndpointTrust endpoints)
    : impl_(std::make_shared<Impl>(
          Connection{transport, base, std::move(host), std::move(credential_for), std::move(ping),
                     std::make_shared<Endpoints>(transport, base, endpoints)})) {}

Registry::~Registry() = default;

const http::Url& Registry::base() const noexcept {
  return impl_->connection().base;
}
const Ping& Registry::ping() const noexcept {
  return impl_->connection().ping;
}

std::optional<std::vector<SearchResult>> Registry::search(std::string_view term) {
  const auto& connection = impl_->connection();
  SearchContext context;
  context.host = connection.host;
  context.ask = [&](std::string target) { return impl_->ask(std::move(target)); };
  context.has_repository = [&](const std::string& name) { return impl_->has_repository(name); };
  context.note = [&](const std::string& sentence) { connection.transport.note(sentence); };
  return v1::search(context, term);
}

bool Registry::list_all_tags(const OnTag& on_tag) {
  auto response = impl_->ask("/v1/repositories");
  if (response.status != 200) {
    http::discard_body(response);
    return false;
  }
  return ListingReader(on_tag).read(http::read_body(response, k_listing_limit_bytes));
}

bool Registry::check_credential() {
  const std::string target = "/v1/users/";
  auto response = impl_->ask(target);
  if (response.status == 404) {
    http::discard_body(response);
    return false;
  }
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot log in to " + impl_->connection().host);
  }
  http::discard_body(response);
  // docker-registry, npm's server and other servers without users accept everyone.
  auto anonymous = impl_->ask_anonymously(target);
  http::discard_body(anonymous);
  return !http::is_success(anonymous.status);
}

std::unique_ptr<V1Repository> Registry::open(const std::string& name) {
  return std::make_unique<RemoteRepository>(impl_->session(name));
}

RepositoryAccess Registry::access(const std::string& name) {
  const auto session = impl_->session(name);
  auto response = session->send(get(repository_path(name) + "/properties"), Need::read);
  if (response.status != 200) {
    throw_status(response, "cannot read the properties of " + session->describe());
  }
  const auto what = "the properties of " + session->describe();
  const auto document = parse_json(http::read_body(response, k_document_limit_bytes), what);
  return optional_string(document, "access") == "private" ? RepositoryAccess::restricted
                                                          : RepositoryAccess::open;
}

void Registry::set_access(const std::string& name, RepositoryAccess access) {
  const auto session = impl_->session(name);
  auto request = get(repository_path(name) + "/properties");
  request.method = http::Method::put;
  request.headers.add("Content-Type", "application/json");
  request.body = http::text_body(access == RepositoryAccess::open ? R"({"access": "public"})"
                                                                  : R"({"access": "private"})");
  auto response = session->send(request, Need::write);
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot set the properties of " + session->describe());
  }
  http::discard_body(response);
}

} // namespace regctl::registry::v1
