// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"

#include <regctl/base/interrupt.hpp>
#include <regctl/objects/buckets.hpp>
#include <regctl/ops/serve.hpp>
#include <regctl/registry/registries.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace regctl::ops {

namespace {

http::Url parse_source(const std::string& url) {
  try {
    return http::Url::parse(url);
  } catch (const Error& error) { // usage: the user typed the URL
    throw Error(ErrorKind::usage, "a mirror's source cannot be " + url + ": " + error.message(),
                "write http://HOST:PORT or https://HOST");
  }
}

/// The registry that missing images are fetched from. It is named by its URL, which gives scheme
/// and host, or as "HOST[:PORT]". Its protocol is detected at the first call of get() that
/// succeeds. Thread-safe.
class MirrorSource {
public:
  /// Throws Error{usage} for a name that no registry can have.
  MirrorSource(Session& session, std::string name) : session_(session), name_(std::move(name)) {
    if (name_.find("://") == std::string::npos) {
      host_ = parse_registry_host(name_);
    } else {
      base_ = parse_source(name_);
      base_.target = "/";
    }
  }

  /// Throws an Error of a kind other than not_found if the registry is unreachable or not a v1
  /// registry.
  registry::v1::Registry& get() {
    try {
      return host_ ? session_.registries().v1(*host_) : at_base();
    } catch (const Error& error) {
      const auto kind =
          error.kind() == ErrorKind::not_found ? ErrorKind::unavailable : error.kind();
      throw Error(kind, "the mirror's source cannot be used: " + error.message(), error.hint());
    }
  }

private:
  registry::v1::Registry& at_base() {
    const std::lock_guard lock(mutex_);
    if (!registry_) {
      registry_ = session_.registries().connect_at(base_);
    }
    return *registry_;
  }

  Session& session_;
  std::string name_;
  std::optional<RegistryHost> host_;
  http::Url base_;
  std::mutex mutex_; ///< guards `registry_`
  std::unique_ptr<registry::v1::Registry> registry_;
};

/// Detects the source's protocol while the server is already running, since an unreachable source
/// takes long to be noticed and may come back.
class SourceCheck {
public:
  SourceCheck(MirrorSource& source, const std::function<void(const std::string&)>& note)
      : thread_([&source, note] {
          try {
            static_cast<void>(source.get());
          } catch (const Error& error) {
            if (error.kind() != ErrorKind::interrupted) {
              note(std::string(error.message()) +
                   "; what is not here is answered 502 until it can");
            }
          } catch (...) { // no memory: requests that need the source will report it
          }
        }) {}

  /// The server has ended: interrupts the detection, if it still runs.
  ~SourceCheck() {
    const bool was_interrupted = is_interrupted();
    interrupt();
    thread_.join();
    if (!was_interrupted) {
      reset_interrupt();
    }
  }
  SourceCheck(const SourceCheck&) = delete;
  SourceCheck& operator=(const SourceCheck&) = delete;

private:
  std::thread thread_;
};

} // namespace

void serve(Session& session, const server::ServerOptions& options, const std::string& mirror_source,
           const std::function<void(const server::Server&)>& on_ready,
           const std::function<void(const std::string&)>& note) {
  server::Server::block_signals(); // before any thread is started
  if (options.bucket) {
    const auto path = objects::BucketPath::parse(options.storage);
    session.buckets().configure(path.bucket, *options.bucket);
  }
  server::ServerSeams seams;
  seams.note = note;
  seams.open_storage = [&](const std::string& path, V1Storage::Missing missing) {
    return open_storage_tree(session, path, missing);
  };
  std::optional<MirrorSource> source;
  if (!mirror_source.empty()) {
    source.emplace(session, mirror_source);
    seams.mirror_source = [&]() -> registry::v1::Registry& { return source->get(); };
  }
  server::Server server(options, std::move(seams));
  on_ready(server);
  std::optional<SourceCheck> check;
  if (source) {
    check.emplace(*source, note);
  }
  server.run_until_told();
}

} // namespace regctl::ops
