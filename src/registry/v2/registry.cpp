// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"
#include "registry/v2/authorized_session.hpp"
#include "registry/v2/connection.hpp"
#include "registry/v2/pages.hpp"
#include "registry/v2/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/registry/v2/registry.hpp>

#include <array>
#include <utility>

namespace regctl::registry::v2 {

namespace {

[[noreturn]] void throw_closed(const std::string& host, const std::string& why) {
  throw Error(ErrorKind::unsupported,
              host + " does not list its repositories to you: its catalog is closed (" + why + ")",
              "name the repositories; many registries open the catalog to nobody, or only to "
              "administrators");
}

} // namespace

class Registry::Impl {
public:
  Impl(http::Transport& transport, http::Url base, std::string host, CredentialFor credential_for,
       Options options)
      : connection_(std::make_shared<Connection>(transport, std::move(base), std::move(host),
                                                 std::move(credential_for), options)) {}

  [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }

  std::shared_ptr<AuthorizedSession> session(const std::string& repository) {
    return std::make_shared<AuthorizedSession>(connection_, repository);
  }

private:
  std::shared_ptr<Connection> connection_;
};

Registry::Registry(http::Transport& transport, http::Url base, std::string host,
                   CredentialFor credential_for, Options options)
    : impl_(std::make_shared<Impl>(transport, std::move(base), std::move(host),
                                   std::move(credential_for), options)) {}

Registry::~Registry() = default;

const http::Url& Registry::base() const noexcept {
  return impl_->connection().base;
}

void Registry::list_repositories(const OnNames& on_names) {
  const auto session = impl_->session("");
  const auto& host = impl_->connection().host;
  const auto what = "the catalog of " + host;
  const auto on_page = [&](WholeAnswer& page) {
    auto& response = page.response;
    const int status = response.status;
    if (status == 401 || status == 403 || status == 404 || status == 405 || status == 501) {
      throw_closed(host, std::to_string(status) + ", " + error_text(response));
    }
    if (status != 200) {
      session->fail(response, "cannot read " + what);
    }
    on_names(read_names(page.body, "repositories", what));
  };
  try {
    read_pages(*session, session->request(http::Method::get, "_catalog"), k_page_size,
               {"registry:catalog:*"}, what, on_page);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::denied) {
      throw;
    }
    throw_closed(host, error.message()); // the token service grants nobody the scope
  }
}

bool Registry::check_credential() {
  const auto session = impl_->session("");
  auto response = session->send(session->request(http::Method::get, ""), {});
  if (!http::is_success(response.status)) {
    session->fail(response, "cannot log in to " + impl_->connection().host);
  }
  http::discard_body(response);
  return impl_->connection().authority.demand().has_value();
}

std::unique_ptr<OciRepository> Registry::open(const std::string& name) {
  return std::make_unique<RemoteRepository>(impl_->session(name));
}

} // namespace regctl::registry::v2
