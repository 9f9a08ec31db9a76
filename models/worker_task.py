"""What the worker does over and over, and when it last went well: by that it shows when nobody does it any more."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WorkerTask(Base):
    """One task of the worker, whichever process does it. It is the service's own, and of no organization."""

    __tablename__ = "worker_tasks"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    went_well_at: Mapped[datetime]
