// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/container.hpp"
#include "objects/credentials/environment.hpp"
#include "objects/credentials/instance.hpp"
#include "objects/credentials/profile_key.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/time.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/objects/credentials.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace regctl::objects {

namespace {

/// A key is renewed so long before its end.
constexpr auto k_margin = std::chrono::minutes(5);
/// The time after which a renewal that failed is tried again, while the key is still good.
constexpr auto k_pause = std::chrono::minutes(1);

[[noreturn]] void throw_nothing_found(const AwsProfiles& profiles, const AwsProfile* profile,
                                      const std::string& reason_of_instance) {
  const auto profile_sentence =
      profile == nullptr ? "there is no profile 'default' in " + profiles.files()
                         : profile->describe() + " in " + profiles.files() + " has no key";
  throw Error(ErrorKind::denied,
              "no key for S3 was found: none of AWS_ACCESS_KEY_ID, AWS_KEY, "
              "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
              "AWS_CONTAINER_CREDENTIALS_FULL_URI is set; " +
                  profile_sentence + "; and no instance gives one: " + reason_of_instance,
              "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with "
              "AWS_PROFILE");
}

/// Looks at all places in their order.
FoundKey find_key(http::Transport& transport, const CredentialOptions& options) {
  if (auto key = find_environment_key(options.environment)) {
    return *key;
  }
  const AwsProfiles profiles(options.environment, options.home);
  const KeyLookup lookup{transport, options.environment, profiles, options.now()};
  if (auto key = find_web_identity_key(lookup)) {
    return *key;
  }
  const auto* profile = profiles.selected();
  auto key = profile == nullptr ? std::nullopt : find_profile_key(lookup, *profile);
  if (!key) {
    key = find_container_key(lookup);
  }
  if (key) {
    return *key;
  }
  auto answer = ask_instance(lookup);
  if (!answer.key) {
    throw_nothing_found(profiles, profile, answer.reason);
  }
  return *answer.key;
}

} // namespace

class CredentialChain::Impl {
public:
  Impl(http::Transport& transport, CredentialOptions options)
      : transport_(transport), options_(std::move(options)) {
    options_.environment = without_empty(std::move(options_.environment));
  }

  FoundKey find() {
    const auto before = look();
    if (before.is_fresh) {
      return *before.key;
    }
    std::unique_lock fetching(fetching_, std::try_to_lock);
    if (!fetching) {
      if (before.is_good) {
        return *before.key; // while another thread renews it
      }
      fetching.lock();
    }
    const auto after = look();
    if (after.is_fresh) {
      return *after.key; // another thread has fetched it
    }
    if (after.failure && after.fetches != before.fetches) {
      throw Error(*after.failure); // and here it has failed
    }
    return fetch(after);
  }

private:
  /// What is known at one moment.
  struct Known {
    std::optional<FoundKey> key;
    bool is_fresh = false;        ///< it need not be renewed
    bool is_good = false;         ///< it has not ended
    std::optional<Error> failure; ///< of the last fetch
    unsigned fetches = 0;
  };

  Known look() {
    const std::lock_guard lock(mutex_);
    const auto now = options_.now();
    Known known{key_, false, false, failure_, fetches_};
    known.is_good = key_ && (!key_->ends || now < *key_->ends);
    known.is_fresh = known.is_good && (!key_->ends || now < renewal_);
    return known;
  }

  /// Fetches a key; one thread at a time.
  FoundKey fetch(const Known& known) {
    try {
      auto key = find_key(transport_, options_);
      keep(key);
      note("using the key " + excerpt(key.key.id) + " of " + key.origin + until(key));
      return key;
    } catch (const Error& error) {
      const bool is_bridged = known.is_good && error.kind() != ErrorKind::interrupted;
      keep(error);
      if (!is_bridged) {
        throw;
      }
      note("the key of " + known.key->origin + until(*known.key) +
           " cannot be renewed now: " + error.message());
      return *known.key;
    }
  }

  void keep(const FoundKey& key) {
    const auto now = options_.now();
    const std::lock_guard lock(mutex_);
    ++fetches_;
    key_ = key;
    failure_.reset();
    if (key.ends) {
      const std::chrono::system_clock::duration half = (*key.ends - now) / 2;
      renewal_ = *key.ends - std::min<std::chrono::system_clock::duration>(k_margin, half);
    }
  }

  void keep(const Error& failure) {
    const auto now = options_.now();
    const std::lock_guard lock(mutex_);
    ++fetches_;
    failure_ = failure;
    renewal_ = now + k_pause;
  }

  /// " until 2014-05-13T16:53:20Z", or nothing for a key that does not end.
  static std::string until(const FoundKey& key) {
    return key.ends ? " until " + print_rfc3339(std::chrono::system_clock::to_time_t(*key.ends))
                    : "";
  }

  void note(const std::string& sentence) const {
    if (options_.note) {
      options_.note(sentence);
    }
  }

  http::Transport& transport_;
  CredentialOptions options_;
  std::mutex fetching_; ///< held by the thread that fetches; taken before mutex_
  std::mutex mutex_;    ///< guards the members below
  std::optional<FoundKey> key_;
  Time renewal_; ///< of a key that ends
  std::optional<Error> failure_;
  unsigned fetches_ = 0;
};

CredentialChain::CredentialChain(http::Transport& transport, CredentialOptions options)
    : impl_(std::make_unique<Impl>(transport, std::move(options))) {}
CredentialChain::~CredentialChain() = default;

http::AwsKey CredentialChain::key() {
  return impl_->find().key;
}

std::string CredentialChain::describe() {
  return impl_->find().origin;
}

} // namespace regctl::objects
