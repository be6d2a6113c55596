"""The queue, small blobs in the database, and which claim measured a result."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table('blob',
    sa.Column('sha', sa.String(length=64), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('sha', name=op.f('pk_blob'))
    )
    op.create_table('job',
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(length=64), nullable=False),
    sa.Column('student', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('batch', sa.String(length=64), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('holder', sa.String(length=128), nullable=False),
    sa.Column('until', sa.Float(), nullable=False),
    sa.Column('lost', sa.Integer(), nullable=False),
    sa.Column('least', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'held')", name=op.f('ck_job_state')),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_job_submission_id_submission')),
    sa.PrimaryKeyConstraint('submission_id', name=op.f('pk_job'))
    )
    op.create_index('ix_job_urgency', 'job', ['state', 'priority', 'turn', 'due', 'submission_id'], unique=False)
    op.create_index('ix_job_student', 'job', ['student', 'state'], unique=False)
    op.create_index('ix_job_batch', 'job', ['batch', 'state'], unique=False)
    op.add_column('result', sa.Column('token', sa.Integer(), nullable=True))
    # What waited before there was a queue is queued by the first sweep; what has its grade, or is held, stays as it is.


def downgrade() -> None:
    raise NotImplementedError("Grades are not migrated backwards: put the backup back.")
