// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/challenge.hpp"
#include "registry/v2/kept_uploads.hpp"
#include "registry/v2/notices.hpp"
#include "registry/v2/tokens.hpp"

#include <regctl/base/key_locks.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/registry/v2/registry.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace regctl::registry::v2 {

/// What a registry was found to do. Each fact is learnt from an answer and kept for the run.
struct Facts {
  enum class Head {
    unknown,
    works,   ///< one of a manifest was answered 200, so that 404 can be believed
    useless, ///< it is refused, or denied a manifest that GET found
  };
  enum class ReferrersApi { unknown, present, absent };

  std::atomic<Head> head = Head::unknown;
  std::atomic<ReferrersApi> referrers = ReferrersApi::unknown;
  /// The size of the pieces that a proxy lets through; 0: no limit is known.
  std::atomic<std::uint64_t> chunk_bytes = 0;
};

/// What is known of the way in which a registry lets its clients in. Thread-safe.
class Authority {
public:
  std::optional<Demand> demand() const {
    const std::lock_guard lock(mutex_);
    return demand_;
  }

  void learn(const Demand& demand) {
    const std::lock_guard lock(mutex_);
    demand_ = demand;
  }

  /// `scopes`, and those that were demanded of requests with them.
  Scopes widened(const Scopes& scopes) const {
    const std::lock_guard lock(mutex_);
    const auto* found = wider_.find(key(scopes));
    return found == nullptr ? scopes : *found;
  }

  void widen(const Scopes& scopes, const Scopes& demanded) {
    const std::lock_guard lock(mutex_);
    auto& wider = wider_.try_emplace(key(scopes), scopes).first;
    wider = unite(wider, demanded);
  }

private:
  static std::string key(const Scopes& scopes) {
    std::string text;
    for (const auto& scope : scopes) {
      text += scope + " ";
    }
    return text;
  }

  static constexpr std::size_t k_most_widened = 1000;

  mutable std::mutex mutex_; ///< guards the members below
  std::optional<Demand> demand_;
  LimitedMap<Scopes> wider_{k_most_widened};
};

/// The data for reaching one registry, shared by its repositories. Thread-safe.
struct Connection {
  Connection(http::Transport& to, http::Url at, std::string name,
             Registry::CredentialFor find_credential, Options how)
      : transport(to), base(std::move(at)), host(std::move(name)),
        credential_for(std::move(find_credential)), options(std::move(how)),
        tokens(transport, base, host), notices(transport, host),
        kept_uploads(options.upload_folder) {}

  http::Transport& transport; ///< outlives every connection
  const http::Url base;
  const std::string host;
  const Registry::CredentialFor credential_for;
  const Options options;
  TokenClient tokens;
  Notices notices;
  Authority authority;
  Facts facts;
  KeptUploads kept_uploads;
  std::mutex referrers_turn; ///< held while one request finds out Facts::referrers
  KeyLocks subject_turns;    ///< serialise the writers of a fallback tag; by the subject
};

} // namespace regctl::registry::v2
