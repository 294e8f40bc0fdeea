"""Makes the calls of MLflow's client that stand on stdin, [[name, arguments], …], and prints what each gives, as JSON.

A name is a method of MlflowClient, or of the module where it begins with "mlflow.". The server and its token are in
MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN, as any notebook has them.
"""

import json
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.store.entities import PagedList


def plain(value):
    if isinstance(value, PagedList):
        return {"items": [plain(each) for each in value], "token": value.token}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if type(value).__module__.startswith("pandas"):
        return json.loads(value.to_json(orient="records"))
    if isinstance(value, Metric):
        return [value.step, repr(value.value), value.timestamp]
    if hasattr(value, "to_dictionary"):
        return value.to_dictionary()
    if hasattr(value, "__iter__") and type(value).__module__.startswith("mlflow"):
        return dict(value)
    return value


def without_nan(value):
    """JSON has none."""
    if isinstance(value, dict):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_nan(each) for each in value]
    return "NaN" if isinstance(value, float) and value != value else value


def call(name, arguments):
    target = mlflow if name.startswith("mlflow.") else MlflowClient()
    try:
        return plain(getattr(target, name.removeprefix("mlflow."))(**arguments))
    except MlflowException as error:
        return {"error_code": error.error_code, "message": error.message}


print(json.dumps(without_nan([call(name, arguments) for name, arguments in json.load(sys.stdin)])))
