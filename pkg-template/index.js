// @ts-check
// What every entry exports.

export { checkToken } from "./check-token.js";
export { IdpClient } from "./client.js";
export {
  AccessDeniedError, AccountLinkingRequiredError, AccountSelectionRequiredError, CallbackError, ConfigurationError,
  ConsentRequiredError, DiscoveryError, IdentityMismatchError, InsufficientScopeError, InteractionRequiredError,
  LoginRequiredError, NetworkError, OAuthError, PanicError, ProviderError, RefreshError, RequestAuthError,
  SessionExpiredError, StorageError, SubjectMismatchError, TimeoutError, TokenExchangeError, TokenExpiredError, TokenParseError,
  TokenVerificationError, UserBlockedError, isOAuthError,
} from "./errors.js";
export { getProviderConfig, listConfiguredProviders, loadProviders } from "./providers.js";
export { safeReturnTo } from "./return-to.js";
export { ready } from "./runtime.js";
export { hasAccess, parseScope } from "./scopes.js";
export { encryptedStorage, memoryStorage, webStorage } from "./storage.js";
export { tokenSet } from "./token-set.js";
