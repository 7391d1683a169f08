// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/serve.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

namespace {

http::Url parse_source(const std::string& url) {
  try {
    return http::Url::parse(url);
  } catch (const Error& error) { // by whom it was typed
    throw Error(ErrorKind::usage, "a mirror's source cannot be " + url + ": " + error.message(),
                "write http://HOST:PORT or https://HOST");
  }
}

/// A registry named by its URL, which says how to reach it; nothing for "HOST[:PORT]", which is
/// asked when it is needed.
std::unique_ptr<registry::v1::Registry> open_source(Session& session, const std::string& url) {
  if (url.find("://") == std::string::npos) {
    static_cast<void>(parse_registry_host(url)); // throws now rather than at the first request
    return nullptr;
  }
  auto base = parse_source(url);
  base.target = "/";
  const auto host = base.origin().substr(base.scheme.size() + 3);
  return std::make_unique<registry::v1::Registry>(
      session.client(), base, host, session.credentials().find(host), registry::v1::Ping{});
}

} // namespace

void serve(Session& session, const server::ServerOptions& options, const std::string& mirror_source,
           const std::function<void(const server::Server&)>& on_ready,
           const std::function<void(const std::string&)>& note) {
  server::Server::block_signals(); // before the first thread
  server::ServerSeams seams;
  seams.note = note;
  std::unique_ptr<registry::v1::Registry> source;
  if (!mirror_source.empty()) {
    source = open_source(session, mirror_source);
    seams.mirror_source = [&]() -> registry::v1::Registry& {
      return source ? *source : session.registries().v1(parse_registry_host(mirror_source));
    };
  }
  server::Server server(options, std::move(seams));
  on_ready(server);
  server.run_until_told();
}

} // namespace regctl::ops
