// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/session.hpp>
#include <regctl/server/server.hpp>

#include <functional>
#include <string>

namespace regctl::ops {

/// Serves a storage tree until a signal ends it (server::Server::run_until_told). Missing images
/// are fetched from `mirror_source`, a URL or "HOST[:PORT]", unless that is empty. `on_ready` is
/// called once requests are accepted. `note` is called from any thread with sentences for the
/// server's operator. Throws as server::Server does.
void serve(Session& session, const server::ServerOptions& options, const std::string& mirror_source,
           const std::function<void(const server::Server&)>& on_ready,
           const std::function<void(const std::string&)>& note);

} // namespace regctl::ops
