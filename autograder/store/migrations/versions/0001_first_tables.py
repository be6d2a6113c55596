"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table('bundle',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('blob', sa.String(length=64), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bundle')),
    sa.UniqueConstraint('unit', 'digest', name=op.f('uq_bundle_unit_digest')),
    sa.UniqueConstraint('unit', 'seq', name=op.f('uq_bundle_unit_seq'))
    )
    op.create_table('extension',
    sa.Column('student', sa.String(length=64), nullable=False),
    sa.Column('unit', sa.String(length=64), nullable=False),
    sa.Column('due', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('student', 'unit', name=op.f('pk_extension'))
    )
    op.create_table('submission',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('student', sa.String(length=64), nullable=False),
    sa.Column('unit', sa.String(length=64), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('received', sa.DateTime(timezone=True), nullable=False),
    sa.Column('blob', sa.String(length=64), nullable=False),
    sa.Column('filename', sa.String(length=255), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('received', 'graded', 'retry', 'held')", name=op.f('ck_submission_state')),
    sa.CheckConstraint('attempt >= 1', name=op.f('ck_submission_attempt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission')),
    sa.UniqueConstraint('student', 'unit', 'attempt', name=op.f('uq_submission_student_unit_attempt')),
    sa.UniqueConstraint('student', 'unit', 'blob', name=op.f('uq_submission_student_unit_blob'))
    )
    op.create_index(op.f('ix_submission_state'), 'submission', ['state'], unique=False)
    op.create_table('manual',
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('question', sa.String(length=64), nullable=False),
    sa.Column('points', sa.Float(), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_manual_submission_id_submission')),
    sa.PrimaryKeyConstraint('submission_id', 'question', name=op.f('pk_manual'))
    )
    op.create_table('result',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('bundle_id', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('current', sa.Boolean(), nullable=False),
    sa.Column('verdict', sa.String(length=32), nullable=False),
    sa.Column('raw', sa.Float(), nullable=False),
    sa.Column('penalty', sa.Float(), nullable=False),
    sa.Column('total', sa.Float(), nullable=False),
    sa.Column('maximum', sa.Float(), nullable=False),
    sa.Column('late_days', sa.Integer(), nullable=False),
    sa.Column('exercises', sa.JSON(), nullable=False),
    sa.Column('checks', sa.JSON(), nullable=False),
    sa.Column('pictures', sa.JSON(), nullable=False),
    sa.Column('provenance', sa.JSON(), nullable=False),
    sa.Column('answers', sa.String(length=64), nullable=True),
    sa.Column('output', sa.Text(), nullable=False),
    sa.Column('load_errors', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['bundle_id'], ['bundle.id'], name=op.f('fk_result_bundle_id_bundle')),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_result_submission_id_submission')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_result'))
    )
    op.create_index(op.f('ix_result_submission_id'), 'result', ['submission_id'], unique=False)
    op.create_index('uq_result_current', 'result', ['submission_id'], unique=True, sqlite_where=sa.text('current = 1'), postgresql_where=sa.text('current'))


def downgrade() -> None:
    raise NotImplementedError("Grades are not migrated backwards: put the backup back.")
