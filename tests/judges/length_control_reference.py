"""Reference values of the length-controlled win rate, by scikit-learn (liblinear).

    python tests/judges/length_control_reference.py > tests/judges/length_control.json
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit

FOLDS = 5


def log_loss_of_chances(estimator, features, labels, chances, weights):
    """Minus the weighted mean log loss against chances: what AlpacaEval selects the penalty by."""
    p = np.clip(estimator.predict_proba(features)[:, 1], 1e-15, 1 - 1e-15)
    target = np.where(labels == 1, chances, 1 - chances)
    return -np.mean(weights * -(target * np.log(p) + (1 - target) * np.log(1 - p)))


def fit(features, chances, weights):
    """Each row twice, once with each label, weighted by its chance."""
    n = len(features)
    fold = [(n - 1 - i) % FOLDS for i in range(n)]
    x = np.concatenate([features, features])
    y = np.concatenate([np.ones(n), np.zeros(n)])
    chance = np.concatenate([chances, 1 - chances])
    weight = np.concatenate([weights, weights])
    best, losses = None, []
    strengths = np.logspace(-4, 4, 10)

    def model(strength):
        return LogisticRegression(
            C=strength, l1_ratio=1, solver="liblinear", fit_intercept=False,
            tol=1e-12, max_iter=100000, random_state=123,
        )

    split = PredefinedSplit(fold + fold)
    for strength in strengths:
        scores = []
        for train, test in split.split():
            fitted = model(strength).fit(x[train], y[train], sample_weight=(chance * weight)[train])
            scores.append(log_loss_of_chances(fitted, x[test], y[test], chance[test], weight[test]))
        losses.append(np.mean(scores))
    best = strengths[int(np.argmax(losses))]
    return model(best).fit(x, y, sample_weight=chance * weight).coef_[0]


def case(seed, n, effect, with_gamed):
    """Random comparisons in which the longer answer is liked more."""
    rng = np.random.default_rng(seed)
    length = rng.integers(50, 900, n)
    baseline = rng.integers(50, 500, n)
    difficulty = rng.normal(0, 1, n)
    delta = (baseline - length) / np.std(baseline - length, ddof=1)
    chance = 1 / (1 + np.exp(1.5 * np.tanh(delta) - effect - 0.5 * difficulty))
    preference = np.round(rng.binomial(4, chance) / 4, 2)
    columns = [np.tanh(delta), np.ones(n)]
    test = [np.zeros(n), np.ones(n)]
    chances, weights = preference, np.ones(n)
    features = np.stack(columns, 1)
    tested = np.stack(test, 1)
    gamed = None
    if with_gamed:
        m = 2 * n
        index = np.concatenate([np.arange(n), np.arange(n)])
        gamed_delta = np.concatenate([rng.normal(1, 0.3, n), rng.normal(-1, 0.3, n)])
        gamed_preference = np.round(
            rng.binomial(4, 1 / (1 + np.exp(np.tanh(gamed_delta)))) / 4, 2)
        gamed = [
            {"index": int(i), "preference": float(p), "deltaLength": float(d),
             "difficulty": float(difficulty[i])}
            for i, p, d in zip(index, gamed_preference, gamed_delta)
        ]
        own = np.stack([*columns, difficulty], 1)
        other = np.stack([np.tanh(gamed_delta), np.zeros(m), difficulty[index]], 1)
        features = np.concatenate([other, own])
        tested = np.stack([*test, difficulty], 1)
        chances = np.concatenate([gamed_preference, preference])
        weights = np.concatenate([np.full(m, 0.1), np.ones(n)])
    coefficients = fit(features, chances, weights)
    predicted = 1 / (1 + np.exp(-tested @ coefficients))
    return {
        "rows": [
            {"index": i, "preference": float(preference[i]), "length": int(length[i]),
             "baselineLength": int(baseline[i])}
            for i in range(n)
        ],
        "gamed": gamed,
        "raw": float(np.mean(preference)),
        "winRate": float(np.mean(predicted)),
        "standardError": float(np.std(predicted, ddof=1) / np.sqrt(n)),
    }


if __name__ == "__main__":
    cases = [case(1, 60, 0.4, False), case(2, 40, -0.8, False), case(3, 50, 0.6, True),
             case(4, 30, -0.3, True)]
    print(json.dumps({"source": f"scikit-learn {sklearn.__version__}", "cases": cases}))
